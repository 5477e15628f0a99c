//! What administrators do with members, invitations, settings and the audit log.

use super::*;
use crate::audit;
use crate::identity::testing::secrets;
use futures_util::future::join;
use qoin_core::api::admin::members::UseRecovery;
use qoin_core::api::registration::Register;
use qoin_core::audit::AuditAction;
use qoin_core::keys::Purpose;

impl Town {
    async fn delete(&self, path: &str, member: &Member) -> Answer {
        self.send(Method::DELETE, path, &member.token, None).await
    }

    /// A member as the administrator sees it.
    async fn seen(&self, member: &Member) -> Value {
        self.get(&path_of(member, ""), &self.admin).await.ok()
    }

    /// Changes a member, by whoever `by` is, as it is now.
    async fn edit(&self, by: &Member, member: &Member, what: &str, more: Value) -> Answer {
        let mut body = json!({ "version": self.seen(member).await["version"], "reason": "a test" });
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        self.post(&path_of(member, what), by, body).await
    }

    async fn set(&self, changes: Value) -> Answer {
        let version = self.get("/api/v1/admin/settings", &self.admin).await.ok()["version"].clone();
        self.post("/api/v1/admin/settings", &self.admin, json!({ "version": version, "changes": changes })).await
    }

    /// The names of what was recorded, oldest first, after a look at whether the log is whole.
    fn recorded(&self) -> Vec<AuditAction> {
        let snapshot = self.ledger.read().snapshot().unwrap();
        audit::verify(&*snapshot).unwrap();
        audit::entries_from(&*snapshot, 0, usize::MAX).unwrap().into_iter().map(|entry| entry.what).collect()
    }

    async fn import(&self, file: impl Into<Vec<u8>>, query: &str) -> Answer {
        let request = Request::post(format!("/api/v1/invitations/files{query}"))
            .header("authorization", format!("Bearer {}", self.admin.token));
        self.raw(request.body(Body::from(file.into())).unwrap()).await
    }
}

fn path_of(member: &Member, what: &str) -> String {
    format!("/api/v1/admin/members/{}{what}", member.address)
}

fn registration(town: &Town, email: &str, seed: u8) -> Register {
    let eve = Member::new(email, seed, town.ada.genesis);
    let open = Operation::OpenAccount { public_key: eve.key().public_key() };
    Register {
        name: "Eve".into(),
        email: email.into(),
        secrets: secrets(eve.seed, eve.address, eve.authentication_key),
        open_account: eve.sign(open, town.payment_id(), None),
    }
}

#[tokio::test]
async fn members_are_listed_in_every_order_by_role_and_state() {
    let town = Town::with_money().await;
    let list = async |query: &str| {
        let page = town.get(&format!("/api/v1/admin/members{query}"), &town.admin).await.ok();
        let names = page["members"].as_array().unwrap().iter().map(|it| it["name"].as_str().unwrap().to_owned());
        (names.collect::<Vec<_>>().join(" "), page["total"].as_u64().unwrap())
    };
    assert_eq!(list("").await, ("ada admin bob".into(), 3));
    assert_eq!(list("?descending=true&limit=2").await, ("bob admin".into(), 3));
    assert_eq!(list("?order=balance&descending=true&limit=1").await, ("ada".into(), 3));
    assert_eq!(list("?order=email&offset=1").await, ("admin bob".into(), 3));
    assert_eq!(list("?role=administrator").await, ("admin".into(), 1));
    assert_eq!(list("?query=BOB%40").await, ("bob".into(), 1));
    town.edit(&town.admin, &town.bob, "/suspend", json!({})).await.ok();
    assert_eq!(list("?state=suspended").await, ("bob".into(), 1));
    assert_eq!(list("?state=active&order=joined").await, ("ada admin".into(), 2));
    assert_eq!(town.get("/api/v1/admin/members?order=luck", &town.admin).await.code(), "malformed_request");
    let nobody = Address::from_bytes([9; 20]);
    assert_eq!(town.get(&format!("/api/v1/admin/members/{nobody}"), &town.admin).await.code(), "not_found");
}

#[tokio::test]
async fn a_suspended_member_keeps_the_balance_and_gets_in_nowhere() {
    let town = Town::with_money().await;
    let key = town.post("/api/v1/services", &town.ada, json!({ "role": "MINER" })).await.ok()["key"].clone();
    let key = key.as_str().unwrap();
    let mut connection = town.identity.authenticate_miner(&town.ada.email, key).unwrap().connect([127, 0, 0, 1].into());
    let seen = town.edit(&town.admin, &town.ada, "/suspend", json!({ "reason": "on leave" })).await.ok();
    assert_eq!((&seen["state"], &seen["stopped"]["reason"]), (&json!("suspended"), &json!("on leave")));
    assert_eq!(seen["balance"], "10000");
    assert_eq!(town.get("/api/v1/account", &town.ada).await.code(), "session_expired");
    let refused = town.sign_in(&town.ada.email, town.ada.authentication_key).await;
    assert_eq!((refused.status.as_u16(), refused.code()), (403, "account_suspended"));
    // Whoever does not know the password learns nothing.
    assert_eq!(town.sign_in(&town.ada.email, [0; 32]).await.code(), "wrong_credentials");
    assert!(town.identity.authenticate_miner(&town.ada.email, key).is_err());
    connection.ended().await;
    let reopened = open_identity(&town.ledger, Default::default()).await;
    assert!(reopened.authenticate_miner(&town.ada.email, key).is_err());

    town.edit(&town.admin, &town.ada, "/resume", json!({})).await.ok();
    assert_eq!(town.get("/api/v1/account", &town.ada).await.code(), "session_expired");
    town.sign_in(&town.ada.email, town.ada.authentication_key).await.ok();
    town.identity.authenticate_miner(&town.ada.email, key).unwrap();
    use AuditAction::{MemberResumed, MemberSuspended};
    assert_eq!(town.recorded(), [MemberSuspended, MemberResumed]);
}

#[tokio::test]
async fn an_open_page_hears_that_its_member_was_suspended() {
    let town = Town::found().await;
    let request = Request::get("/api/v1/events").header("authorization", format!("Bearer {}", town.ada.token));
    let response = town.router.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
    town.edit(&town.admin, &town.ada, "/suspend", json!({})).await.ok();
    // The stream ends by itself.
    let told = String::from_utf8(response.into_body().collect().await.unwrap().to_bytes().to_vec()).unwrap();
    let events: Vec<&str> = told.lines().filter_map(|line| line.strip_prefix("event: ")).collect();
    assert_eq!(events, ["account", "suspended", "signed_out"]);
}

#[tokio::test]
async fn the_second_of_two_edits_is_told_and_changes_nothing() {
    let town = Town::found().await;
    let version = town.seen(&town.bob).await["version"].clone();
    let edit = json!({ "version": version, "reason": "first" });
    town.post(&path_of(&town.bob, "/suspend"), &town.admin, edit.clone()).await.ok();
    let before = town.seen(&town.bob).await;
    let second = json!({ "version": version, "role": "treasurer" });
    let refused = town.post(&path_of(&town.bob, "/role"), &town.admin, second).await;
    assert_eq!((refused.status.as_u16(), refused.code()), (409, "edit_conflict"));
    assert!(refused.json["detail"].as_str().unwrap().contains("suspended"), "{}", refused.json);
    assert_eq!(town.seen(&town.bob).await, before);
}

#[tokio::test]
async fn there_is_always_an_administrator_even_if_two_remove_each_other() {
    let town = Town::found().await;
    for (what, more) in [("/suspend", json!({})), ("/erase", json!({})), ("/role", json!({ "role": "member" }))] {
        let refused = town.edit(&town.admin, &town.admin, what, more).await;
        assert_eq!((refused.status.as_u16(), refused.code()), (409, "last_administrator"), "{what}");
    }
    town.edit(&town.admin, &town.ada, "/role", json!({ "role": "administrator" })).await.ok();
    let member = json!({ "role": "member" });
    let (first, second) = join(
        town.edit(&town.admin, &town.ada, "/role", member.clone()),
        town.edit(&town.ada, &town.admin, "/role", member),
    )
    .await;
    let both = [first.status.as_u16(), second.status.as_u16()];
    assert_eq!(both.iter().filter(|status| **status == 200).count(), 1, "{both:?}");
    let administrators = town.identity.grant::<crate::identity::right::ViewMembers>(crate::identity::Actor::operator());
    let filter = crate::identity::MembersFilter { role: Some(Role::Administrator), limit: 9, ..Default::default() };
    assert_eq!(administrators.members(filter).total, 1);
}

#[tokio::test]
async fn a_role_that_was_taken_away_ends_what_it_gave() {
    let town = Town::found().await;
    town.edit(&town.admin, &town.ada, "/role", json!({ "role": "treasurer" })).await.ok();
    town.get("/api/v1/admin/members", &town.ada).await.ok();
    let refused = town.edit(&town.ada, &town.bob, "/suspend", json!({})).await;
    assert_eq!(refused.code(), "forbidden");
    // A handle that was given before does no more than the role allows when it is used.
    let session = || town.identity.session(&town.admin.token).ok().unwrap().into_member().ok().unwrap();
    let granted = session().grant::<crate::identity::right::Suspend>([127, 0, 0, 1].into()).await.ok().unwrap();
    town.edit(&town.admin, &town.ada, "/role", json!({ "role": "administrator" })).await.ok();
    town.edit(&town.ada, &town.admin, "/role", json!({ "role": "member" })).await.ok();
    let edit = serde_json::from_value(json!({ "version": 0 })).unwrap();
    assert!(granted.suspend(town.bob.address, edit).await.is_err());
    assert_eq!(town.get("/api/v1/admin/members", &town.admin).await.code(), "forbidden");
    use AuditAction::{Refused, RoleChanged};
    assert_eq!(town.recorded(), [RoleChanged, Refused, RoleChanged, RoleChanged, Refused, Refused]);
}

#[tokio::test]
async fn whoever_left_leaves_nothing_personal_and_the_chain_stays() {
    let town = Town::with_money().await;
    let memo = Memo::new("for the cake", [4; 32]).unwrap();
    town.pay(&town.ada, &town.bob, 100, Some(memo)).await.ok();
    town.solve().await;
    let key = town.post("/api/v1/services", &town.ada, json!({ "role": "MINER" })).await.ok()["key"].clone();
    let position = town.ledger.position();
    let erased = town.edit(&town.admin, &town.ada, "/erase", json!({})).await.ok();
    assert_eq!((&erased["state"], &erased["name"], &erased["email"]), (&json!("erased"), &json!(""), &json!("")));
    assert_eq!((town.ledger.position(), &erased["balance"]), (position, &json!("9900")));
    assert_eq!(town.sign_in("ada@example.org", town.ada.authentication_key).await.code(), "wrong_credentials");
    assert!(town.identity.authenticate_miner("ada@example.org", key.as_str().unwrap()).is_err());
    assert_eq!(town.get("/api/v1/members?query=ada@", &town.bob).await.ok()["members"], json!([]));
    let movement = town.get("/api/v1/account/history", &town.bob).await.ok()["movements"][0].clone();
    assert_eq!((&movement["party"]["name"], &movement["memo"]), (&json!("erased member"), &Value::Null));
    assert_eq!(town.edit(&town.admin, &town.ada, "/erase", json!({})).await.code(), "member_erased");
    // The address is free again, and a restart knows no more.
    let reopened = open_identity(&town.ledger, Default::default()).await;
    assert!(reopened.member_of_email("ada@example.org").is_none());
    let invitation = json!({ "name": "Ada", "email": "ada@example.org" });
    town.post("/api/v1/invitations", &town.admin, invitation).await.ok();
    town.recorded();
}

#[tokio::test]
async fn a_lost_key_is_replaced_visibly_and_after_the_delay() {
    let town = Town::with_money().await;
    let started = town.edit(&town.admin, &town.ada, "/recovery", json!({})).await;
    assert_eq!(started.status, StatusCode::CREATED);
    let token = started.ok()["token"].as_str().unwrap().to_owned();
    assert_eq!(town.seen(&town.ada).await["recovery"]["state"], "open");
    let opened = town.ask("/api/v1/recovery/link/open", json!({ "token": token })).await.ok();
    assert_eq!(opened["email"], "ada@example.org");

    let new = Member::new(&town.ada.email, 77, town.ada.genesis);
    let bytes = hex::decode(&token).unwrap();
    let request = UseRecovery {
        token: token.clone(),
        secrets: secrets(new.seed, town.ada.address, new.authentication_key),
        public_key: new.key().public_key(),
        signature: new.key().sign(Purpose::Recovery, &town.ada.genesis, &bytes),
    };
    let forged = UseRecovery { public_key: town.bob.key().public_key(), ..request.clone() };
    assert_eq!(town.ask("/api/v1/recovery/link/use", forged).await.code(), "wrong_signature");
    let used = town.ask("/api/v1/recovery/link/use", &request).await.ok();
    let effective_ms = used["effective_ms"].as_u64().unwrap();
    assert!(effective_ms >= town.ledger.now_ms() + town.ledger.genesis().genesis.recovery_delay_ms - 1_000);
    assert_eq!(town.ask("/api/v1/recovery/link/use", &request).await.code(), "recovery_invalid");
    // Until then the old key sees the alarm, works, and cancels.
    let account = town.get("/api/v1/account", &town.ada).await.ok();
    assert_eq!(account["rotation"]["effective_ms"], effective_ms);
    assert_eq!(town.sign_in(&town.ada.email, new.authentication_key).await.code(), "wrong_credentials");
    assert_eq!(town.seen(&town.ada).await["recovery"]["state"], "waiting");
    let cancel = town.ada.submission(Operation::CancelRotation, town.payment_id(), None);
    town.post("/api/v1/transactions", &town.ada, cancel).await.ok();
    assert_eq!(town.seen(&town.ada).await["recovery"], Value::Null);
    town.sign_in(&town.ada.email, town.ada.authentication_key).await.ok();

    let fixed = town.ada.submission(Operation::SetRecoverable { recoverable: false }, town.payment_id(), None);
    town.post("/api/v1/transactions", &town.ada, fixed).await.ok();
    assert_eq!(town.edit(&town.admin, &town.ada, "/recovery", json!({})).await.code(), "not_recoverable");
    use AuditAction::{RecoveryStarted, RecoveryUsed};
    assert_eq!(town.recorded(), [RecoveryStarted, RecoveryUsed]);
}

#[tokio::test]
async fn a_recovery_link_is_withdrawn() {
    let town = Town::found().await;
    let started = town.edit(&town.admin, &town.ada, "/recovery", json!({})).await.ok();
    town.delete(&path_of(&town.ada, "/recovery"), &town.admin).await.ok();
    let opened = town.ask("/api/v1/recovery/link/open", json!({ "token": started["token"] })).await;
    assert_eq!((opened.status.as_u16(), opened.code()), (410, "recovery_invalid"));
    assert_eq!(town.delete(&path_of(&town.ada, "/recovery"), &town.admin).await.code(), "recovery_invalid");
}

#[tokio::test]
async fn many_are_invited_by_a_file_together_after_a_look_at_it() {
    let town = Town::found().await;
    let file =
        "name,email,role\nEve,eve@example.org,treasurer\nAda,ada@example.org\nDan,dan@example.org\n,x@example.org\n";
    let looked_at = town.import(file, "?dry_run=true").await.ok();
    assert_eq!((&looked_at["good"], &looked_at["bad"], &looked_at["made"]), (&json!(2), &json!(2), &json!([])));
    assert_eq!(looked_at["faults"][0]["code"], "email_taken");
    assert_eq!(town.get("/api/v1/invitations", &town.admin).await.ok()["total"], 0);
    let made = town.import(file, "").await.ok();
    assert_eq!((&made["made"][0]["line"], &made["made"][1]["email"]), (&json!(2), &json!("dan@example.org")));
    let page = town.get("/api/v1/invitations?limit=1&query=EVE", &town.admin).await.ok();
    assert_eq!((&page["total"], &page["invitations"][0]["role"]), (&json!(1), &json!("treasurer")));

    let token = made["made"][0]["token"].clone();
    let eve = Member::new("eve@example.org", 30, town.ada.genesis);
    let open = Operation::OpenAccount { public_key: eve.key().public_key() };
    let accept = json!({
        "token": token, "name": "Eve", "secrets": secrets(eve.seed, eve.address, eve.authentication_key),
        "open_account": eve.sign(open, town.payment_id(), None),
    });
    let session = town.ask("/api/v1/invitations/accept", accept).await.ok();
    assert_eq!(session["session"]["member"]["role"], "treasurer");
    let used = town.get("/api/v1/invitations?state=used", &town.admin).await.ok();
    assert_eq!(used["invitations"][0]["used_by"]["address"], json!(eve.address));
    assert_eq!(used["invitations"][0]["invited_by"], "admin");
    assert_eq!(town.recorded(), [AuditAction::MembersInvited]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_of_a_hundred_thousand_rows_with_bad_ones_is_one_commit() {
    let town = Town::found().await;
    let row = |number: u32| match number % 10 {
        9 => format!("\u{202e}M{number},m{number}@example.org\n"),
        8 => format!("M{number},nobody\n"),
        _ => format!("M{number},m{number}@example.org\n"),
    };
    let file: String = (0..100_000).map(row).collect();
    let answer = town.import(file.clone(), "").await.ok();
    assert_eq!((&answer["good"], &answer["bad"]), (&json!(80_000), &json!(20_000)));
    assert_eq!((answer["made"].as_array().unwrap().len(), answer["faults"].as_array().unwrap().len()), (80_000, 1_000));
    assert_eq!(town.get("/api/v1/invitations", &town.admin).await.ok()["total"], 80_000);
    let refused = town.import(file + "One,more@example.org\n", "").await.ok();
    assert_eq!((&refused["too_many"], &refused["made"]), (&json!(true), &json!([])));
    assert_eq!(town.recorded().len(), 1);
    let huge = town.import(vec![b'x'; 16 * 1024 * 1024 + 1], "").await;
    assert_eq!((huge.status.as_u16(), huge.code()), (413, "body_too_large"));
}

#[tokio::test]
async fn settings_change_while_running_within_their_bounds_and_over_restarts() {
    let town = Town::found().await;
    let view = town.set(json!({ "session_hours": "3", "banner": " Closed on Monday " })).await.ok();
    let of = |name: &str| view["settings"].as_array().unwrap().iter().find(|it| it["name"] == name).unwrap().clone();
    assert_eq!((&of("session_hours")["value"], &of("session_hours")["default"]), (&json!("3"), &json!("12")));
    assert_eq!((&of("banner")["value"], &of("banner")["source"]), (&json!("Closed on Monday"), &json!("changed")));
    assert_eq!((&of("invitation_days")["source"], &view["genesis"]["decimals"]), (&json!("default"), &json!(2)));
    assert_eq!(town.get("/api/v1/currency", &town.ada).await.ok()["banner"], "Closed on Monday");
    for changes in [
        json!({ "session_hours": "0" }),
        json!({ "sign_ins_per_minute": "0" }),
        json!({ "banner": "x".repeat(301) }),
        json!({ "data": "/tmp" }),
        json!({ "data": null }),
        json!({ "session_hours": "4", "registration": "sometimes" }),
    ] {
        assert_eq!(town.set(changes).await.code(), "invalid_setting");
    }
    let stale = json!({ "version": 0, "changes": { "session_hours": "5" } });
    assert_eq!(town.post("/api/v1/admin/settings", &town.admin, stale).await.code(), "edit_conflict");
    assert_eq!(town.get("/api/v1/admin/settings", &town.admin).await.ok(), view);
    let reopened = open_identity(&town.ledger, Default::default()).await;
    assert_eq!(reopened.settings().session_hours, 3);
    let view = town.set(json!({ "session_hours": null })).await.ok();
    assert!(view["settings"].as_array().unwrap().iter().any(|it| it["name"] == "session_hours" && it["value"] == "12"));
    use AuditAction::SettingChanged;
    assert_eq!(town.recorded(), [SettingChanged, SettingChanged, SettingChanged]);
}

#[tokio::test]
async fn who_can_join_is_a_setting() {
    let town = Town::found().await;
    let eve = registration(&town, "eve@example.org", 30);
    let refused = town.ask("/api/v1/registration", &eve).await;
    assert_eq!((refused.status.as_u16(), refused.code()), (403, "registration_closed"));
    town.set(json!({ "registration": "open" })).await.ok();
    assert_eq!(town.get("/api/v1/currency", &town.ada).await.ok()["registration"], "open");
    let session = town.ask("/api/v1/registration", &eve).await.ok();
    assert_eq!((&session["session"]["member"]["role"], town.identity.members_count()), (&json!("member"), 4));
    assert_eq!(
        town.ask("/api/v1/registration", registration(&town, "Ada@example.org", 31)).await.code(),
        "email_taken"
    );
    for seed in 32..35 {
        town.ask("/api/v1/registration", registration(&town, &format!("m{seed}@example.org"), seed)).await.ok();
    }
    let flood = town.ask("/api/v1/registration", registration(&town, "m36@example.org", 36)).await;
    assert_eq!(flood.code(), "too_many_requests");

    let invitation = json!({ "name": "Dan", "email": "dan@example.org" });
    let invitation = town.post("/api/v1/invitations", &town.admin, invitation).await.ok();
    town.set(json!({ "registration": "closed" })).await.ok();
    let opened = town.ask("/api/v1/invitations/open", json!({ "token": invitation["token"] })).await;
    assert_eq!(opened.code(), "registration_closed");
}

#[tokio::test]
async fn members_may_be_hidden_from_each_other() {
    let town = Town::found().await;
    town.set(json!({ "member_list": "exact" })).await.ok();
    assert_eq!(town.get("/api/v1/members", &town.ada).await.ok()["members"], json!([]));
    assert_eq!(town.get("/api/v1/members?query=bob", &town.ada).await.ok()["members"], json!([]));
    let found = town.get("/api/v1/members?query=bob%40example.org", &town.ada).await.ok();
    assert_eq!(found["members"][0]["name"], "bob");
    assert_eq!(town.get("/api/v1/members", &town.admin).await.ok()["members"].as_array().unwrap().len(), 3);
}

#[tokio::test]
async fn what_someone_can_hold_and_send_in_a_day_is_limited() {
    let town = Town::with_money().await;
    town.set(json!({ "maximum_balance": "5" })).await.ok();
    town.pay(&town.ada, &town.bob, 500, None).await.ok();
    let refused = town.pay(&town.ada, &town.bob, 1, None).await;
    assert_eq!((refused.status.as_u16(), refused.code()), (422, "maximum_balance"));
    town.set(json!({ "maximum_balance": "0", "daily_amount": "6" })).await.ok();
    let last = town.ada.submission(transfer(&town.bob, 100), town.payment_id(), None);
    let first = town.post("/api/v1/transactions", &town.ada, &last).await;
    assert_eq!(first.status, StatusCode::CREATED);
    assert_eq!(town.pay(&town.ada, &town.bob, 1, None).await.code(), "daily_amount");
    // Sent again, what was accepted is answered as the first time.
    let again = town.post("/api/v1/transactions", &town.ada, &last).await;
    assert_eq!((again.status, again.json), (StatusCode::OK, first.json));
    town.set(json!({ "daily_amount": "0" })).await.ok();
    town.pay(&town.ada, &town.bob, 1, None).await.ok();
}

fn transfer(to: &Member, units: u64) -> Operation {
    Operation::Transfer { to: to.address, amount: Amount::from_units(units) }
}

#[tokio::test]
async fn the_audit_log_is_filtered_paged_and_exported() {
    let town = Town::found().await;
    town.edit(&town.admin, &town.bob, "/suspend", json!({ "reason": "=1+1" })).await.ok();
    town.edit(&town.admin, &town.bob, "/resume", json!({})).await.ok();
    town.set(json!({ "session_hours": "3" })).await.ok();
    let page = town.get("/api/v1/admin/audit?limit=2", &town.admin).await.ok();
    assert_eq!((&page["count"], &page["entries"][0]["what"]), (&json!(3), &json!("setting_changed")));
    assert_eq!((&page["head"], &page["next"]), (&page["entries"][0]["hash"], &json!(1)));
    assert_eq!(page["entries"][1]["target_name"], "bob");
    let count = async |query: &str| {
        let page = town.get(&format!("/api/v1/admin/audit?{query}"), &town.admin).await.ok();
        page["entries"].as_array().unwrap().len()
    };
    assert_eq!(count("before=1").await, 1);
    assert_eq!(count("what=member_resumed").await, 1);
    assert_eq!(count(&format!("who={}", town.admin.address)).await, 3);
    assert_eq!(count("who=operator").await, 0);
    assert_eq!(count(&format!("target=member:{}", town.bob.address)).await, 2);
    assert_eq!(count("target=setting").await, 1);
    assert_eq!(count("from_ms=99999999999999").await, 0);
    assert_eq!(town.get("/api/v1/admin/audit?what=magic", &town.admin).await.code(), "malformed_request");

    let lines = town.get("/api/v1/admin/audit/export?what=member_suspended", &town.admin).await;
    assert_eq!(lines.headers["content-type"], "application/jsonl");
    assert_eq!((&lines.json["number"], &lines.json["reason"]), (&json!(0), &json!("=1+1")));
    let table = town.get("/api/v1/admin/audit/export?format=csv", &town.admin).await.json;
    let table = table.as_str().unwrap();
    assert_eq!(table.lines().count(), 4);
    assert!(table.contains(",'=1+1,") && table.contains("state: active -> suspended"), "{table}");
}

#[tokio::test]
async fn a_member_made_by_an_administrator_can_have_a_role() {
    let town = Town::found().await;
    let new =
        json!({ "name": "Tess", "email": "t@example.org", "password": "a first pass phrase", "role": "treasurer" });
    let made = town.post("/api/v1/admin/members", &town.admin, new).await;
    assert_eq!(made.status, StatusCode::CREATED);
    let made = made.ok();
    assert_eq!((&made["role"], &made["state"]), (&json!("treasurer"), &json!("first_password")));
    let page = town.get("/api/v1/admin/members?state=first_password", &town.admin).await.ok();
    assert_eq!((&page["total"], &page["counts"]["first_password"]), (&json!(1), &json!(1)));
}
