//! Several servers in order.

use super::*;

/// Answers until the miner has sent a share of this job on this connection.
async fn works_on(miner: &mut Miner, job: &str) {
    miner.notice("mining.set_difficulty", json!([DIFFICULTY])).await;
    miner.send_job(job, true).await;
    assert_eq!(miner.next_share_of().await, job);
}

/// An address at which nobody listens.
async fn nobody() -> String {
    TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().to_string()
}

#[tokio::test]
async fn the_first_server_that_answers_is_used() {
    let (second, third) = (Server::start().await, Server::start().await);
    let account = account(vec![nobody().await, second.address(), third.address()]);
    let patience = Patience { prefer_every: Duration::from_secs(3_600), ..QUICK };
    mine_and_count(&account, patience, async |_, mut counted| {
        let mut miner = second.accept_authorised().await;
        works_on(&mut miner, "a").await;
        assert_eq!(counted.borrow_and_update().server, Some(second.address()));
        // It goes away for good: the next one of the list is tried.
        drop((miner, second));
        let mut miner = third.accept_authorised().await;
        works_on(&mut miner, "b").await;
        assert_eq!(counted.borrow_and_update().server, Some(third.address()));
    })
    .await;
}

#[tokio::test]
async fn a_preferred_server_is_returned_to_once_it_authorises() {
    let (first, second) = (Server::start().await, Server::start().await);
    let account = account(vec![first.address(), second.address()]);
    mine_and_count(&account, QUICK, async |_, mut counted| {
        // The first takes connections, but is not itself yet.
        drop(first.accept().await);
        let mut fallback = second.accept_authorised().await;
        works_on(&mut fallback, "a").await;
        // A half-hearted return does not cost the connection that works.
        let mut half = first.accept().await;
        half.expect("mining.subscribe").await;
        drop(half);
        assert_eq!(fallback.next_share_of().await, "a");
        // Some pools send a job before they authorise: it must not disturb the work for the other server.
        let mut returned = first.accept().await;
        let (id, _) = returned.expect("mining.subscribe").await;
        returned.answer(&id, json!([[], hex::encode(EXTRANONCE1), 4])).await;
        returned.notice("mining.set_difficulty", json!([DIFFICULTY])).await;
        returned.send_job("b", true).await;
        let (id, _) = returned.expect("mining.authorize").await;
        for _ in 0..3 {
            assert_eq!(fallback.next_share_of().await, "a");
        }
        returned.answer(&id, json!(true)).await;
        assert_eq!(returned.next_share_of().await, "b");
        counted.wait_for(|tally| tally.server == Some(first.address())).await.unwrap();
        // The other connection is closed; what it still held is of its own job.
        while let Some((method, _, params)) = fallback.request().await {
            assert_eq!((method.as_str(), &params[1]), ("mining.submit", &json!("a")));
        }
    })
    .await;
}

#[tokio::test]
async fn only_the_refusal_of_every_server_ends_the_miner() {
    let (first, second) = (Server::start().await, Server::start().await);
    let account = account(vec![first.address(), second.address()]);
    let refuse = async |server: &Server| {
        let mut miner = server.accept().await;
        let (id, _) = miner.expect("mining.subscribe").await;
        miner.answer(&id, json!([[], "00000001", 4])).await;
        let (id, _) = miner.expect("mining.authorize").await;
        miner.send(&json!({"id": id, "result": false, "error": [24, "who are you", null]})).await;
    };
    let patience = Patience { prefer_every: Duration::from_secs(3_600), ..QUICK };
    let reason = mine_against(&account, patience, async |_| {
        refuse(&first).await;
        let mut miner = second.accept_authorised().await;
        works_on(&mut miner, "a").await;
        drop(miner);
        refuse(&first).await;
        refuse(&second).await;
        std::future::pending::<()>().await;
    })
    .await;
    assert_eq!(reason.as_deref(), Some("who are you (code 24)"));
}

#[test]
fn a_server_that_was_away_is_found_within_half_a_minute() {
    // The longest wait after a failed round, and then a connection that the system gives up on just before the server
    // is there; with a second server in the list a round has two of them.
    let Patience { connect, retry_most, .. } = Patience::default();
    assert!(retry_most + connect * 3 < Duration::from_secs(30));
}
