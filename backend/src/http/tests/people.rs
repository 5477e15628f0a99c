//! Invitations, members, services and sessions.

use super::*;
use crate::identity::testing::secrets;
use futures_util::future::join_all;
use qoin_core::api::invitations::AcceptInvitation;

async fn invite(town: &Town, email: &str) -> Value {
    town.post("/api/v1/invitations", &town.admin, json!({ "name": "Eve", "email": email })).await.ok()
}

fn acceptance(town: &Town, invitation: &Value, seed: u8) -> AcceptInvitation {
    let eve = Member::new("eve@example.org", seed, town.ada.genesis);
    let open = Operation::OpenAccount { public_key: eve.key().public_key() };
    AcceptInvitation {
        token: invitation["token"].as_str().unwrap().into(),
        name: "  Eve   Evens ".into(),
        secrets: secrets(eve.seed, eve.address, eve.authentication_key),
        open_account: eve.sign(open, town.payment_id(), None),
    }
}

async fn accept(town: &Town, acceptance: &AcceptInvitation) -> Answer {
    town.ask("/api/v1/invitations/accept", acceptance).await
}

#[tokio::test]
async fn an_invitation_becomes_a_member_with_an_account_and_a_session_once() {
    let town = Town::found().await;
    let invitation = invite(&town, " Eve@Example.org").await;
    let opened = town.ask("/api/v1/invitations/open", json!({ "token": invitation["token"] })).await.ok();
    assert_eq!((&opened["email"], &opened["name"]), (&json!("eve@example.org"), &json!("Eve")));
    assert_eq!(town.get("/api/v1/invitations", &town.admin).await.ok()["invitations"][0]["id"], invitation["id"]);

    let answer = accept(&town, &acceptance(&town, &invitation, 30)).await;
    assert_eq!(answer.status, StatusCode::CREATED);
    let session = answer.ok();
    assert_eq!(session["session"]["member"]["name"], "Eve Evens");
    let mut eve = Member::new("eve@example.org", 30, town.ada.genesis);
    eve.token = session["token"].as_str().unwrap().into();
    assert_eq!(town.get("/api/v1/account", &eve).await.ok()["balance"], "0");
    assert_eq!(town.get("/api/v1/sessions/current", &eve).await.ok(), session["session"]);

    assert_eq!(accept(&town, &acceptance(&town, &invitation, 31)).await.code(), "invitation_invalid");
    let opened = town.ask("/api/v1/invitations/open", json!({ "token": invitation["token"] })).await;
    assert_eq!((opened.status.as_u16(), opened.code()), (410, "invitation_invalid"));
    let again = town.post("/api/v1/invitations", &town.admin, json!({ "name": "E", "email": eve.email })).await;
    assert_eq!((again.status.as_u16(), again.code()), (409, "email_taken"));
    assert_eq!(town.get("/api/v1/invitations", &town.admin).await.ok()["invitations"], json!([]));
}

#[tokio::test]
async fn ten_at_once_make_one_member() {
    let town = Town::found().await;
    let invitation = invite(&town, "eve@example.org").await;
    let acceptances: Vec<_> = (0..10).map(|number| acceptance(&town, &invitation, 40 + number)).collect();
    let answers = join_all(acceptances.iter().map(|acceptance| accept(&town, acceptance))).await;
    assert_eq!(answers.iter().filter(|answer| answer.status == StatusCode::CREATED).count(), 1);
    assert_eq!(town.identity.members_count(), 4);
    // Nobody's account was opened without its member: the system's and those of the members.
    assert_eq!(town.ledger.read().supply().accounts, 5);
}

#[tokio::test]
async fn what_is_refused_leaves_the_invitation_open_and_nothing_behind() {
    let town = Town::found().await;
    let invitation = invite(&town, "eve@example.org").await;
    let good = acceptance(&town, &invitation, 50);
    let mut wrong = Vec::new();
    wrong.push((AcceptInvitation { name: "\u{202e}eve".into(), ..good.clone() }, "invalid_name"));
    let mut weak = good.clone();
    weak.secrets.password.parameters.iterations = 1;
    wrong.push((weak, "weak_parameters"));
    let mut forged = good.clone();
    forged.open_account.signature = acceptance(&town, &invitation, 51).open_account.signature;
    wrong.push((forged, "wrong_signature"));
    let mut other = good.clone();
    other.open_account = town.ada.sign(Operation::CancelRotation, town.payment_id(), None);
    wrong.push((other, "malformed_request"));
    for (acceptance, code) in wrong {
        assert_eq!(accept(&town, &acceptance).await.code(), code);
    }
    assert_eq!((town.identity.members_count(), town.ledger.read().supply().accounts), (3, 4));
    accept(&town, &good).await.ok();
}

#[tokio::test]
async fn invitations_are_withdrawn_replaced_and_expire() {
    let town = Town::found().await;
    let first = invite(&town, "eve@example.org").await;
    let second = invite(&town, "eve@example.org").await;
    assert_eq!(accept(&town, &acceptance(&town, &first, 60)).await.code(), "invitation_invalid");
    let path = format!("/api/v1/invitations/{}", second["id"].as_str().unwrap());
    town.send(Method::DELETE, &path, &town.admin.token, None).await.ok();
    assert_eq!(accept(&town, &acceptance(&town, &second, 60)).await.code(), "invitation_invalid");
    assert_eq!(town.send(Method::DELETE, &path, &town.admin.token, None).await.code(), "invitation_invalid");

    let town = Town::with(identity::Settings { invitation_days: 0, ..Default::default() }).await;
    let expired = invite(&town, "eve@example.org").await;
    assert_eq!(accept(&town, &acceptance(&town, &expired, 60)).await.code(), "invitation_invalid");
}

#[tokio::test]
async fn members_are_found_by_name_and_email() {
    let town = Town::found().await;
    let page = town.get("/api/v1/members?limit=2", &town.ada).await.ok();
    assert_eq!((&page["members"][0]["name"], &page["members"][1]["name"]), (&json!("ada"), &json!("admin")));
    let next = page["next"].as_str().unwrap();
    let page = town.get(&format!("/api/v1/members?limit=2&after={next}"), &town.ada).await.ok();
    assert_eq!((&page["members"][0]["name"], &page["next"]), (&json!("bob"), &Value::Null));
    let found = town.get("/api/v1/members?query=BO", &town.ada).await.ok();
    assert_eq!(found["members"], json!([{ "name": "bob", "email": "bob@example.org", "address": town.bob.address }]));
    assert_eq!(town.get("/api/v1/members?after=nobody", &town.ada).await.code(), "malformed_request");
}

#[tokio::test]
async fn sessions_outlive_a_restart_but_not_their_time_or_their_end() {
    let town = Town::found().await;
    town.send(Method::DELETE, "/api/v1/sessions/current", &town.bob.token, None).await.ok();
    assert_eq!(town.get("/api/v1/account", &town.bob).await.code(), "session_expired");
    let before = town.get("/api/v1/sessions/current", &town.ada).await.ok();
    let identity = open_identity(&town.ledger, Default::default()).await;
    let town = Town { router: open_router(&town.ledger, &identity, &town.mining, &town.stopping), identity, ..town };
    assert_eq!(town.get("/api/v1/sessions/current", &town.ada).await.ok(), before);
    assert_eq!(town.get("/api/v1/account", &town.bob).await.code(), "session_expired");

    let town = Town::with(identity::Settings { session_hours: 0, ..Default::default() }).await;
    assert_eq!(town.get("/api/v1/account", &town.ada).await.code(), "session_expired");
}
