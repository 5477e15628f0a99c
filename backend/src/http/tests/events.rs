//! The event stream.

use super::*;
use axum::body::BodyDataStream;
use futures_util::StreamExt;
use qoin_core::api::account::AccountView;

pub(super) struct Events {
    body: BodyDataStream,
    text: String,
}

#[derive(Debug)]
pub(super) struct Told {
    pub name: String,
    pub id: Option<String>,
    pub data: Value,
}

impl Events {
    pub async fn follow(town: &Town, member: &Member, after: &str) -> Self {
        let request = Request::get(format!("/api/v1/events{after}"))
            .header("authorization", format!("Bearer {}", member.token))
            .body(Body::empty())
            .unwrap();
        let response = town.router.clone().oneshot(request).await.unwrap();
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        assert_eq!(response.headers()["x-accel-buffering"], "no");
        Self { body: response.into_body().into_data_stream(), text: String::new() }
    }

    /// The next event; none at the stream's end.
    pub async fn next(&mut self) -> Option<Told> {
        loop {
            if let Some((event, rest)) = self.text.split_once("\n\n") {
                let field = |name: &str| {
                    event.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": ")).map(str::to_owned)
                };
                let told = Told {
                    name: field("event").unwrap(),
                    id: field("id"),
                    data: serde_json::from_str(&field("data").unwrap()).unwrap(),
                };
                self.text = rest.to_owned();
                return Some(told);
            }
            let bytes = self.body.next().await?.unwrap();
            self.text.push_str(std::str::from_utf8(&bytes).unwrap());
        }
    }

    pub async fn expect(&mut self, name: &str) -> Told {
        let told = self.next().await.expect("the stream goes on");
        assert_eq!(told.name, name, "{}", told.data);
        told
    }
}

#[tokio::test]
async fn both_parties_see_a_payment_pending_and_confirmed_and_others_only_the_block() {
    let town = Town::with_money().await;
    let mut ada = Events::follow(&town, &town.ada, "").await;
    let mut bob = Events::follow(&town, &town.bob, "").await;
    let mut admin = Events::follow(&town, &town.admin, "").await;
    for events in [&mut ada, &mut bob, &mut admin] {
        events.expect("account").await;
    }
    let memo = Memo::new("for the coffee", [5; 32]).unwrap();
    town.pay(&town.ada, &town.bob, 1_250, Some(memo)).await.ok();
    assert_eq!(ada.expect("movement").await.data["kind"], "sent");
    assert_eq!(ada.expect("account").await.data["available"], "8750");
    let movement = bob.expect("movement").await;
    assert_eq!(
        (&movement.data["kind"], &movement.data["memo"]["text"]),
        (&json!("received"), &json!("for the coffee"))
    );
    assert_eq!(bob.expect("account").await.data["incoming"], "1250");

    let block = town.solve().await;
    assert_eq!(bob.expect("account").await.data["balance"], "1250");
    let sealed = bob.expect("block").await;
    assert_eq!(sealed.data["tip"]["height"], block.height);
    assert_eq!(sealed.data["tip"], serde_json::to_value(town.ledger.read().tip()).unwrap());
    let sealed = admin.expect("block").await;
    assert_eq!(sealed.id.unwrap(), town.ledger.position().to_string());
}

#[tokio::test]
async fn a_client_that_was_away_sees_what_a_fresh_load_shows() {
    let town = Town::with_money().await;
    let before: AccountView = serde_json::from_value(town.get("/api/v1/account", &town.bob).await.ok()).unwrap();
    town.pay(&town.ada, &town.bob, 1, None).await.ok();
    town.solve().await;
    town.pay(&town.ada, &town.bob, 2, None).await.ok();
    let history = town.get("/api/v1/account/history?limit=2", &town.bob).await.ok();
    let fresh = town.get("/api/v1/account", &town.bob).await.ok();

    let mut events = Events::follow(&town, &town.bob, &format!("?after={}", before.position)).await;
    let first = events.expect("movement").await;
    assert_eq!(first.data, history["movements"][1]);
    assert_eq!(events.expect("movement").await.data, history["movements"][0]);
    let account = events.expect("account").await;
    assert_eq!(account.data, fresh);
    assert_eq!(account.id.as_deref(), fresh["position"].as_str());

    // A stream that broke after the first movement resumes with the second.
    let mut events = Events::follow(&town, &town.bob, &format!("?after={}", first.id.unwrap())).await;
    assert_eq!(events.expect("movement").await.data, history["movements"][0]);
    let mut events = Events::follow(&town, &town.bob, &format!("?after={}", account.id.unwrap())).await;
    assert_eq!(events.expect("account").await.data, fresh);
}

#[tokio::test]
async fn a_client_that_missed_too_much_or_comes_from_the_future_loads_anew() {
    let town = Town::with(identity::Settings { payments_per_minute: 0, ..Default::default() }).await;
    town.credit(&town.ada, 10_000).await;
    town.solve().await;
    let before = town.ledger.position();
    for _ in 0..501 {
        town.pay(&town.ada, &town.bob, 1, None).await.ok();
    }
    for after in [before.to_string(), "9999-9".into()] {
        let mut events = Events::follow(&town, &town.bob, &format!("?after={after}")).await;
        assert_eq!(events.expect("reset").await.data, Value::Null);
        assert_eq!(events.expect("account").await.data["incoming"], "501");
    }
    assert_eq!(town.get("/api/v1/events?after=x", &town.bob).await.code(), "malformed_request");
}

#[tokio::test]
async fn a_slow_reader_is_told_to_load_anew() {
    let town = Town::with(identity::Settings { payments_per_minute: 0, ..Default::default() }).await;
    town.credit(&town.ada, 10_000).await;
    town.solve().await;
    let mut events = Events::follow(&town, &town.bob, "").await;
    events.expect("account").await;
    for _ in 0..1_100 {
        town.pay(&town.ada, &town.bob, 1, None).await.ok();
    }
    events.expect("reset").await;
    assert_eq!(events.expect("account").await.data["incoming"], "1100");
    town.pay(&town.ada, &town.bob, 7, None).await.ok();
    // What was behind the gap and not lost is not told again.
    assert_eq!(events.expect("movement").await.data["amount"], "7");
}

#[tokio::test]
async fn a_stream_ends_with_its_session_and_with_the_leader() {
    let town = Town::found().await;
    let mut ada = Events::follow(&town, &town.ada, "").await;
    let mut bob = Events::follow(&town, &town.bob, "").await;
    ada.expect("account").await;
    bob.expect("account").await;
    town.send(Method::DELETE, "/api/v1/sessions/current", &town.ada.token, None).await.ok();
    assert_eq!(ada.expect("signed_out").await.data, Value::Null);
    assert!(ada.next().await.is_none());
    town.stopping.cancel();
    assert!(bob.next().await.is_none());
}

#[tokio::test]
async fn a_member_has_so_many_streams_and_a_closed_one_makes_room() {
    let town = Town::found().await;
    let mut open = Vec::new();
    for _ in 0..32 {
        open.push(Events::follow(&town, &town.ada, "").await);
    }
    assert_eq!(town.get("/api/v1/events", &town.ada).await.code(), "too_many_requests");
    open.pop();
    Events::follow(&town, &town.ada, "").await.expect("account").await;
}
