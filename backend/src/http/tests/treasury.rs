//! The treasury over HTTP: exactly once, all or nothing, and above the limit by two.

use super::*;
use crate::identity::Settings as LiveSettings;
use crate::{audit, config::value::WholeUnits};
use proptest::prelude::*;
use qoin_core::audit::{AuditAction, AuditActor};

const FILES: &str = "/api/v1/admin/credits/files";

/// Ada and Bob, two administrators, and a treasurer; above 100.00 a second administrator decides.
struct Office {
    town: Town,
    second: Member,
    treasurer: Member,
}

impl Office {
    async fn open() -> Self {
        Self::with_limit(100).await
    }

    async fn with_limit(whole: u64) -> Self {
        let settings = LiveSettings { approval_limit: WholeUnits(whole), ..LiveSettings::default() };
        let town = Town::with(settings).await;
        let mut staff = Vec::new();
        for (seed, name, role) in [(20, "second", Role::Administrator), (21, "treasurer", Role::Treasurer)] {
            let mut member = Member::new(&format!("{name}@example.org"), seed, town.ledger.genesis().hash);
            let (key, seed) = (member.authentication_key, member.seed);
            member.token = town.identity.add_for_test(&member.email, role, seed, key, false).await.unwrap();
            staff.push(member);
        }
        let [second, treasurer] = staff.try_into().ok().unwrap();
        Self { town, second, treasurer }
    }

    async fn credit(&self, by: &Member, to: &Member, units: u64) -> Answer {
        let id = self.town.payment_id();
        let body = json!({ "recipient": to.address, "amount": units.to_string(), "payment_id": id });
        self.town.post("/api/v1/admin/credits", by, body).await
    }

    async fn upload(&self, by: &Member, batch: PaymentId, query: &str, file: impl Into<Body>) -> Answer {
        let request = Request::builder()
            .method(Method::POST)
            .uri(format!("{FILES}?batch={batch}{query}"))
            .header("authorization", format!("Bearer {}", by.token));
        self.town.raw(request.body(file.into()).unwrap()).await
    }

    async fn propose(&self, by: &Member, units: u64) -> u64 {
        let waiting = self.credit(by, &self.town.ada, units).await;
        assert_eq!(waiting.status, 202, "{}", waiting.json);
        assert_eq!(waiting.json["outcome"], "waiting");
        waiting.json["number"].as_u64().unwrap()
    }

    async fn decide(&self, by: &Member, number: u64, how: &str) -> Answer {
        self.town.post(&format!("/api/v1/admin/proposals/{number}/{how}"), by, json!({ "reason": "looked at" })).await
    }

    fn incoming(&self, of: &Member) -> u64 {
        self.town.ledger.read().account(&of.address).unwrap().account.incoming.units()
    }

    fn records(&self) -> u64 {
        self.town.ledger.position().records
    }

    fn audited(&self) -> Vec<(AuditAction, AuditActor)> {
        let snapshot = self.town.ledger.read().snapshot().unwrap();
        audit::verify(&*snapshot).unwrap();
        let entries = audit::entries_from(&*snapshot, 0, usize::MAX).unwrap();
        entries.into_iter().map(|entry| (entry.what, entry.who)).collect()
    }

    /// Ada pays so much into the system account; the record's number.
    async fn pay_in(&self, units: u64) -> u64 {
        let to = self.town.ledger.genesis().system;
        let operation = Operation::Transfer { to, amount: Amount::from_units(units) };
        let submission = self.town.ada.submission(operation, self.town.payment_id(), None);
        self.town.post("/api/v1/transactions", &self.town.ada, submission).await.ok()["number"].as_u64().unwrap()
    }

    async fn refund(&self, original: u64, units: u64) -> Answer {
        let id = self.town.payment_id();
        let body = json!({ "original": original, "amount": units.to_string(), "payment_id": id });
        self.town.post("/api/v1/admin/refunds", &self.town.admin, body).await
    }
}

#[tokio::test]
async fn a_credit_is_paid_once_and_recorded() {
    let office = Office::open().await;
    let (town, id) = (&office.town, office.town.payment_id());
    let body = json!({ "recipient": town.ada.address, "amount": "500", "payment_id": id });
    let first = town.post("/api/v1/admin/credits", &office.treasurer, body.clone()).await;
    assert_eq!((first.status.as_u16(), &first.json["outcome"]), (201, &json!("accepted")));
    let again = town.post("/api/v1/admin/credits", &town.admin, body.clone()).await;
    assert_eq!((again.status.as_u16(), &again.json["number"]), (200, &first.json["number"]));
    let mut other = body;
    other["amount"] = json!("501");
    assert_eq!(town.post("/api/v1/admin/credits", &town.admin, other).await.code(), "payment_id_conflict");
    assert_eq!(office.incoming(&town.ada), 500);
    let snapshot = town.ledger.read().snapshot().unwrap();
    let entries = audit::entries_from(&*snapshot, 0, usize::MAX).unwrap();
    assert_eq!(entries.len(), 1, "{entries:?}");
    assert_eq!(entries[0].what, AuditAction::Credited);
    assert!(matches!(entries[0].who, AuditActor::Member { address, .. } if address == office.treasurer.address));
}

#[tokio::test]
async fn credits_issues_and_burns_end_at_what_there_is() {
    let office = Office::with_limit(0).await;
    let (town, records) = (&office.town, office.records());
    let view = town.get("/api/v1/admin/treasury", &office.treasurer).await.ok();
    assert_eq!((&view["approval_limit"], &view["approvers"]), (&json!(null), &json!(2)));
    let available: u64 = view["available"].as_str().unwrap().parse().unwrap();
    let beyond = office.credit(&town.admin, &town.ada, available + 1).await;
    assert_eq!(beyond.code(), "insufficient_funds");
    assert!(beyond.json["detail"].as_str().unwrap().contains("issue more first"), "{}", beyond.json);
    let change = |amount: u64| json!({ "amount": amount.to_string(), "payment_id": town.payment_id() });
    assert_eq!(town.post("/api/v1/admin/burns", &town.admin, change(available + 1)).await.code(), "insufficient_funds");
    assert_eq!(town.post("/api/v1/admin/issues", &town.admin, change(u64::MAX)).await.code(), "amount_overflow");
    assert_eq!(town.post("/api/v1/admin/issues", &town.admin, change(0)).await.code(), "zero_amount");
    assert_eq!(town.post("/api/v1/admin/issues", &town.ada, change(1)).await.code(), "forbidden");
    assert_eq!(office.records(), records);
    let issue = change(70_000);
    assert_eq!(town.post("/api/v1/admin/issues", &town.admin, issue.clone()).await.status, 201);
    assert_eq!(town.post("/api/v1/admin/issues", &town.admin, issue).await.status, 200);
    assert_eq!(town.post("/api/v1/admin/burns", &office.treasurer, change(30_000)).await.status, 201);
    town.solve().await;
    let view = town.get("/api/v1/admin/treasury", &town.admin).await.ok();
    let amount = |name: &str| view[name].as_str().unwrap().parse::<u64>().unwrap();
    assert_eq!((amount("issued"), amount("burned")), (100_070_000, 30_000));
    assert_eq!(amount("balance"), 100_040_000);
    let actions: Vec<_> = office.audited().into_iter().map(|(what, _)| what).collect();
    assert_eq!(actions, [AuditAction::Refused, AuditAction::Issued, AuditAction::Burned]);
}

#[tokio::test]
async fn a_file_is_looked_over_then_paid_as_a_whole_and_once() {
    let office = Office::open().await;
    let (town, batch) = (&office.town, office.town.payment_id());
    let file = format!("email,amount,memo\nada@example.org,12.50,\"rent, May\"\n{},7.5\n", town.bob.address);
    let records = office.records();
    let look = office.upload(&office.treasurer, batch, "&dry_run=true", file.clone()).await.ok();
    assert_eq!((&look["outcome"], &look["total"], &look["rows_count"]), (&json!("payable"), &json!("2000"), &json!(2)));
    assert_eq!(look["rows"][0]["recipient"]["name"], "ada");
    assert_eq!(office.records(), records, "a dry run changes nothing");
    let paid = office.upload(&office.treasurer, batch, "&reason=May", file.clone()).await;
    assert_eq!((paid.status.as_u16(), &paid.json["outcome"]), (201, &json!("paid")));
    assert_eq!((paid.json["first_record"].as_u64(), office.records()), (Some(records), records + 2));
    for by in [&office.treasurer, &town.admin] {
        let again = office.upload(by, batch, "", file.clone()).await;
        assert_eq!((again.status.as_u16(), &again.json["outcome"]), (200, &json!("paid_before")));
    }
    assert_eq!(office.upload(&town.admin, batch, "", "ada@example.org,1\n").await.code(), "payment_id_conflict");
    let look = office.upload(&town.admin, town.payment_id(), "&dry_run=true", file.clone()).await.ok();
    assert!(look["same_file_paid_ms"].is_u64(), "{look}");
    assert_eq!(office.records(), records + 2);
    assert_eq!((office.incoming(&town.ada), office.incoming(&town.bob)), (1_250, 750));
    let history = town.get("/api/v1/account/history", &town.ada).await.ok();
    assert_eq!(history["movements"][0]["memo"]["text"], "rent, May");
    // Two uploads of the same at once are one.
    let other = town.payment_id();
    let (one, two) = tokio::join!(
        office.upload(&town.admin, other, "", "bob@example.org,1,twice\n"),
        office.upload(&office.second, other, "", "bob@example.org,1,twice\n")
    );
    assert_eq!(one.ok()["first_record"], two.ok()["first_record"]);
    assert_eq!(office.records(), records + 3);
}

#[tokio::test]
async fn bad_rows_and_totals_beyond_the_system_account_refuse_the_whole_file() {
    let office = Office::with_limit(0).await;
    let (town, records) = (&office.town, office.records());
    let bad = "ada@example.org,1\nnobody@example.org,1\nada@example.org,-1\n";
    let look = office.upload(&town.admin, town.payment_id(), "&dry_run=true", bad).await.ok();
    assert_eq!((&look["outcome"], &look["faults_count"]), (&json!("not_payable"), &json!(2)));
    assert_eq!((&look["faults"][0]["line"], &look["faults"][1]["code"]), (&json!(2), &json!("negative_amount")));
    let refused = office.upload(&town.admin, town.payment_id(), "", bad).await;
    assert_eq!((refused.status.as_u16(), refused.code()), (422, "rows_refused"));
    assert_eq!(office.upload(&town.admin, town.payment_id(), "", "").await.code(), "rows_refused");
    let beyond = "ada@example.org,600000\nbob@example.org,600000\n";
    assert_eq!(office.upload(&town.admin, town.payment_id(), "", beyond).await.code(), "insufficient_funds");
    let look = office.upload(&town.admin, town.payment_id(), "&dry_run=true", beyond).await.ok();
    assert_eq!(look["outcome"], "not_payable");
    assert_eq!(office.upload(&town.ada, town.payment_id(), "", "ada@example.org,1\n").await.code(), "forbidden");
    let large = vec![b'x'; qoin_core::limits::CREDIT_FILE_BYTES_MAX + 1];
    assert_eq!(office.upload(&town.admin, town.payment_id(), "", large).await.code(), "body_too_large");
    assert_eq!(office.records(), records);
    assert_eq!(town.post(&format!("{FILES}?batch=7"), &town.admin, json!({})).await.code(), "malformed_request");
}

#[tokio::test]
async fn above_the_limit_another_administrator_decides_and_it_is_done_once() {
    let office = Office::open().await;
    let (town, records) = (&office.town, office.records());
    assert_eq!(office.credit(&town.admin, &town.ada, 10_000).await.status, 201, "the limit itself needs nobody");
    let number = office.propose(&town.admin, 10_001).await;
    assert_eq!(office.records(), records + 1);
    let open = town.get("/api/v1/admin/proposals?open=true", &office.second).await.ok();
    let [proposal] = &**open["proposals"].as_array().unwrap() else { panic!("{open}") };
    assert_eq!(
        (&proposal["state"], &proposal["total"], &proposal["is_own"]),
        (&json!("open"), &json!("10001"), &json!(false))
    );
    assert_eq!((&proposal["what"]["kind"], &proposal["proposed_by"]), (&json!("credit"), &json!("admin")));
    assert_eq!(office.decide(&town.admin, number, "approval").await.code(), "other_administrator_needed");
    assert_eq!(office.decide(&town.admin, number, "refusal").await.code(), "other_administrator_needed");
    assert_eq!(office.decide(&office.treasurer, number, "approval").await.code(), "forbidden");
    let path = format!("/api/v1/admin/proposals/{number}");
    assert_eq!(town.send(Method::DELETE, &path, &office.second.token, None).await.code(), "other_administrator_needed");
    let approved = office.decide(&office.second, number, "approval").await.ok();
    assert_eq!((&approved["state"], &approved["decided_by"]), (&json!("approved"), &json!("second")));
    assert_eq!(approved["record"].as_u64(), Some(records + 1));
    assert_eq!(office.decide(&office.second, number, "approval").await.code(), "already_decided");
    assert_eq!(town.send(Method::DELETE, &path, &town.admin.token, None).await.code(), "already_decided");
    assert_eq!(office.records(), records + 2);
    assert_eq!(office.decide(&office.second, 99, "approval").await.code(), "not_found");
    let actions: Vec<_> = office.audited().into_iter().map(|(what, _)| what).collect();
    let expected = [
        AuditAction::Credited,
        AuditAction::ApprovalRequested,
        AuditAction::Refused,
        AuditAction::Approved,
        AuditAction::Credited,
    ];
    assert_eq!(actions, expected);
    let statement = town.get("/api/v1/admin/treasury/statement?limit=1", &town.admin).await.ok();
    assert_eq!(statement["entries"][0]["caused_by"], "admin, approved by second");
}

#[tokio::test]
async fn proposals_are_declined_withdrawn_and_sent_again_without_harm() {
    let office = Office::open().await;
    let (town, id, records) = (&office.town, office.town.payment_id(), office.records());
    let body = json!({ "amount": "20000", "payment_id": id, "reason": "a new year" });
    let first = town.post("/api/v1/admin/issues", &office.treasurer, body.clone()).await;
    let again = town.post("/api/v1/admin/issues", &office.treasurer, body.clone()).await;
    assert_eq!((first.status.as_u16(), again.status.as_u16()), (202, 202));
    assert_eq!(first.json["number"], again.json["number"]);
    let number = first.json["number"].as_u64().unwrap();
    let declined = office.decide(&town.admin, number, "refusal").await.ok();
    assert_eq!((&declined["state"], &declined["record"]), (&json!("declined"), &json!(null)));
    assert_eq!(office.decide(&office.second, number, "approval").await.code(), "already_decided");
    let number = office.propose(&office.treasurer, 20_000).await;
    let path = format!("/api/v1/admin/proposals/{number}");
    let withdrawn = town.send(Method::DELETE, &path, &office.treasurer.token, None).await.ok();
    assert_eq!(withdrawn["state"], "withdrawn");
    assert_eq!(town.get("/api/v1/admin/proposals?open=true", &town.admin).await.ok()["proposals"], json!([]));
    assert_eq!(town.get("/api/v1/admin/proposals?limit=1", &town.admin).await.ok()["next"], json!(1));
    assert_eq!(office.records(), records);
}

#[tokio::test]
async fn a_proposed_file_is_paid_as_it_was_proposed() {
    let office = Office::open().await;
    let (town, batch, records) = (&office.town, office.town.payment_id(), office.records());
    let file: String = (1..=1_500).map(|row| format!("ada@example.org,1,row {row}\n")).collect();
    let waiting = office.upload(&town.admin, batch, "", file.clone()).await;
    assert_eq!((waiting.status.as_u16(), &waiting.json["outcome"]), (202, &json!("waiting")));
    let number = waiting.json["proposal"].as_u64().unwrap();
    let shown = town.get(&format!("/api/v1/admin/proposals/{number}"), &office.second).await.ok();
    assert_eq!((&shown["what"]["count"], shown["what"]["rows"].as_array().unwrap().len()), (&json!(1_500), 20));
    office.decide(&office.second, number, "approval").await.ok();
    assert_eq!((office.records(), office.incoming(&town.ada)), (records + 1_500, 150_000));
    let again = office.upload(&town.admin, batch, "", file).await;
    assert_eq!((again.status.as_u16(), again.json["first_record"].as_u64()), (200, Some(records)));
}

#[tokio::test]
async fn two_who_approve_at_once_pay_once() {
    let office = Office::open().await;
    let town = &office.town;
    let number = office.propose(&office.treasurer, 50_000).await;
    let before = office.records();
    let (one, two) =
        tokio::join!(office.decide(&town.admin, number, "approval"), office.decide(&office.second, number, "approval"));
    let mut statuses = [one.status.as_u16(), two.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!((statuses, office.records(), office.incoming(&town.ada)), ([200, 409], before + 1, 50_000));
}

#[tokio::test]
async fn what_a_member_paid_in_is_given_back_up_to_its_amount() {
    let office = Office::open().await;
    let town = &office.town;
    town.credit(&town.ada, 9_000).await;
    town.solve().await;
    let original = office.pay_in(4_000).await;
    assert_eq!(office.refund(original, 3_000).await.status, 201);
    let above = office.refund(original, 1_001).await;
    assert_eq!(above.code(), "above_original");
    assert!(above.json["detail"].as_str().unwrap().contains("10.00"), "{}", above.json);
    assert_eq!(office.refund(original, 1_000).await.status, 201);
    assert_eq!(office.refund(original, 1).await.code(), "above_original");
    assert_eq!(office.refund(original + 1, 1).await.code(), "not_reversible", "a refund is no payment in");
    assert_eq!(office.refund(9_999, 1).await.code(), "not_found");
    let history = town.get("/api/v1/account/history", &town.ada).await.ok();
    assert_eq!(history["movements"][0]["memo"]["text"], format!("Reversal of record {original}"));
    let statement = town.get("/api/v1/admin/treasury/statement", &town.admin).await.ok();
    assert_eq!(statement["entries"][0]["refund_of"].as_u64(), Some(original));
    let paid_in = statement["entries"].as_array().unwrap().iter().find(|entry| entry["number"] == original).unwrap();
    assert_eq!((&paid_in["reversed"], &paid_in["caused_by"]), (&json!("4000"), &json!("ada")));
}

#[tokio::test]
async fn a_mistaken_credit_is_asked_back_and_paid_by_its_member_alone() {
    let office = Office::open().await;
    let town = &office.town;
    let credit = office.credit(&town.admin, &town.ada, 5_000).await.ok()["number"].as_u64().unwrap();
    town.solve().await;
    let ask = |units: u64| json!({ "original": credit, "amount": units.to_string(), "reason": "the wrong member" });
    let path = "/api/v1/admin/repayments";
    assert_eq!(town.post(path, &town.admin, ask(5_001)).await.code(), "above_original");
    let asked = town.post(path, &office.treasurer, ask(4_000)).await.ok();
    assert_eq!((&asked["state"], &asked["member"]["name"]), (&json!("open"), &json!("ada")));
    assert_eq!(town.post(path, &town.admin, ask(1_001)).await.code(), "above_original", "with what is open");
    assert_eq!(town.post(path, &town.ada, ask(1)).await.code(), "forbidden");
    let mut silent = ask(1);
    silent["reason"] = json!(" ");
    assert_eq!(town.post(path, &town.admin, silent).await.code(), "malformed_request");
    let own = "/api/v1/account/repayments";
    assert_eq!(town.get(own, &town.bob).await.ok()["repayments"], json!([]));
    assert_eq!(town.get(own, &town.ada).await.ok()["repayments"][0]["reason"], "the wrong member");
    let system = town.ledger.genesis().system;
    let pay = |units: u64| {
        let operation = Operation::Transfer { to: system, amount: Amount::from_units(units) };
        town.ada.submission(operation, town.payment_id(), None)
    };
    let to = format!("{own}/{}", asked["number"]);
    assert_eq!(town.post(&to, &town.ada, pay(3_999)).await.code(), "malformed_request");
    assert_eq!(town.post(&to, &town.bob, pay(4_000)).await.code(), "foreign_signer");
    let payment = pay(4_000);
    let paid = town.post(&to, &town.ada, &payment).await;
    assert_eq!(paid.status, 201, "{}", paid.json);
    assert_eq!(town.post(&to, &town.ada, &payment).await.status, 200, "sent again");
    assert_eq!(town.post(&to, &town.ada, pay(4_000)).await.code(), "already_decided");
    let all = town.get(path, &town.admin).await.ok();
    assert_eq!(
        (&all["repayments"][0]["state"], &all["repayments"][0]["paid_by"]),
        (&json!("paid"), &paid.json["number"])
    );
    let last = town.post(path, &town.admin, ask(1_000)).await.ok();
    let withdrawn =
        town.send(Method::DELETE, &format!("{path}/{}", last["number"]), &town.admin.token, None).await.ok();
    assert_eq!(withdrawn["state"], "withdrawn");
    assert_eq!(town.post(path, &town.admin, ask(1_000)).await.status, 201, "a withdrawn one does not count");
    assert_eq!(town.get(own, &town.ada).await.ok()["repayments"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn the_statement_adds_up_and_is_exported_exactly() {
    let office = Office::with_limit(0).await;
    let town = &office.town;
    town.post(
        "/api/v1/admin/credits",
        &town.admin,
        json!({
            "recipient": town.ada.address, "amount": "12345", "payment_id": town.payment_id(),
            "memo": { "salt": "00".repeat(32), "text": "=HYPERLINK(\"x\")" },
        }),
    )
    .await
    .ok();
    office.credit(&town.admin, &town.bob, 55).await.ok();
    town.solve().await;
    office.pay_in(300).await;
    let mut lines: Vec<Value> = Vec::new();
    let mut before = String::new();
    for _ in 0..20 {
        let page = town.get(&format!("/api/v1/admin/treasury/statement?limit=1{before}"), &office.treasurer).await.ok();
        lines.extend(page["entries"].as_array().unwrap().clone());
        match page["next"].as_str() {
            Some(next) => before = format!("&before={next}"),
            None => break,
        }
    }
    let balances: Vec<_> = lines.iter().map(|line| line["balance_after"].as_str().unwrap()).collect();
    assert_eq!(balances, ["99987900", "99987600", "99987655"]);
    let whole = town.get("/api/v1/admin/treasury/statement", &town.admin).await.ok();
    assert_eq!(whole["entries"].as_array().unwrap(), &lines, "pages and the whole say the same");
    let csv = town.get("/api/v1/admin/treasury/statement/export?format=csv", &town.admin).await;
    let csv = csv.json.as_str().unwrap();
    assert!(csv.starts_with("number,time,kind,in,out,balance_after,"), "{csv}");
    assert!(csv.contains(",paid_out,,123.45,999876.55,ada,ada@example.org,"), "{csv}");
    assert!(csv.contains("\"'=HYPERLINK(\"\"x\"\")\""), "{csv}");
    assert_eq!(csv.lines().count(), 4);
    let lines = town.get("/api/v1/admin/treasury/statement/export?format=jsonl", &town.admin).await.json;
    assert_eq!(lines.as_str().unwrap().lines().count(), 3);
    for path in ["statement", "statement/export?format=csv", ""] {
        let path = format!("/api/v1/admin/treasury/{path}");
        assert_eq!(town.get(path.trim_end_matches('/'), &town.ada).await.code(), "forbidden");
    }
    assert_eq!(town.get("/api/v1/admin/treasury/statement?before=x", &town.admin).await.code(), "malformed_request");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(8))]

    #[test]
    fn refunds_never_exceed_their_original(
        paid in 1_u64..5_000,
        wishes in prop::collection::vec(1_u64..3_000, 1..8),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let (given, best) = runtime.block_on(async {
            let office = Office::open().await;
            office.town.credit(&office.town.ada, 9_000).await;
            office.town.solve().await;
            let original = office.pay_in(paid).await;
            let (mut left, before) = (paid, office.incoming(&office.town.ada));
            for pair in wishes.chunks(2) {
                // Two at once: whichever is first, what both say adds up.
                let (one, two) = tokio::join!(
                    office.refund(original, pair[0]),
                    async { match pair.get(1) { Some(wish) => Some(office.refund(original, *wish).await), None => None } }
                );
                for (wish, answer) in pair.iter().zip([Some(one), two].into_iter().flatten()) {
                    match answer.status.as_u16() {
                        201 => left = left.checked_sub(*wish).expect("never above the original"),
                        _ => assert_eq!(answer.code(), "above_original"),
                    }
                }
            }
            (office.incoming(&office.town.ada) - before, paid - left)
        });
        prop_assert_eq!(given, best);
        prop_assert!(given <= paid);
    }

    #[test]
    fn whatever_is_decided_by_whomever_pays_at_most_once(
        steps in prop::collection::vec((0_u8..4, 0_u8..3), 1..8),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let (paid, approvals) = runtime.block_on(async {
            let office = Office::open().await;
            let town = &office.town;
            let number = office.propose(&town.admin, 30_000).await;
            let mut approvals = 0;
            for (who, how) in steps {
                let by = [&town.admin, &office.second, &office.treasurer, &town.bob][usize::from(who)];
                let answer = match how {
                    0 => office.decide(by, number, "approval").await,
                    1 => office.decide(by, number, "refusal").await,
                    _ => town.send(Method::DELETE, &format!("/api/v1/admin/proposals/{number}"), &by.token, None).await,
                };
                approvals += u64::from(how == 0 && answer.status.is_success());
            }
            (office.incoming(&town.ada), approvals)
        });
        prop_assert!(approvals <= 1);
        prop_assert_eq!(paid, approvals * 30_000);
    }
}
