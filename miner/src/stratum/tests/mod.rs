//! The client against servers that follow a script.

mod failover;
mod pools;
mod server;

use super::*;
use qoin_core::{
    address::Address,
    hash::{BlockHash, MerkleNode},
    target::Target,
};
use serde_json::{Value, json};
use server::*;
use tokio::net::TcpListener;

#[tokio::test]
async fn a_share_that_meets_the_difficulty_is_submitted_in_stratums_byte_orders() {
    let server = Server::start().await;
    let ended = mine_against(&server.account(), QUICK, async |_| {
        let mut miner = server.accept().await;
        let (id, params) = miner.expect("mining.subscribe").await;
        assert!(params[0].as_str().unwrap().starts_with("qoin-miner/"));
        miner.answer(&id, json!([[["mining.notify", "1"]], hex::encode(EXTRANONCE1), 4])).await;
        let (id, params) = miner.expect("mining.authorize").await;
        assert_eq!(params, json!(["ada@example.org.attic", "0123456789abcdef"]));
        miner.answer(&id, json!(true)).await;
        miner.notice("mining.set_difficulty", json!([DIFFICULTY])).await;
        miner.send_job("first", true).await;
        // Holds for the next job only: the shares below still come.
        miner.notice("mining.set_difficulty", json!([1e12])).await;
        let target = Target::from_difficulty(DIFFICULTY).unwrap();
        for count in 0..20 {
            let (id, params) = miner.expect("mining.submit").await;
            assert_eq!((&params[0], &params[1]), (&json!("ada@example.org.attic"), &json!("first")));
            assert_eq!(params[3], json!(format!("{TIME:08x}")));
            assert_eq!(params[4].as_str().unwrap().len(), 8);
            let hash = hash_of_share(&params, EXTRANONCE1);
            assert!(target.is_met_by(&hash), "{hash} of {params}");
            match count % 2 {
                0 => miner.answer(&id, json!(true)).await,
                _ => miner.send(&json!({"id": id, "result": null, "error": [21, "stale", null]})).await,
            }
        }
    })
    .await;
    assert_eq!(ended, None);
}

#[tokio::test]
async fn shares_blocks_and_rewards_are_counted() {
    let server = Server::start().await;
    let ended = mine_and_count(&server.account(), QUICK, async |_, mut counted| {
        let mut miner = server.accept_authorised().await;
        miner.notice("mining.set_difficulty", json!([DIFFICULTY])).await;
        // The first job's bits are out of reach; the second's are those of the easiest target that a header can name.
        for (id, bits, refusal) in
            [("a", 0x1d00_ffff_u32, Some(21)), ("a", 0x1d00_ffff, Some(23)), ("b", 0x207f_ffff, None)]
        {
            miner.send_job_with(id, &coinbase(Some(Address::from_bytes([1; 20]))), bits, true).await;
            while {
                let (share, params) = miner.expect("mining.submit").await;
                let is_old = params[1] != id;
                match refusal {
                    Some(code) => miner.send(&json!({"id": share, "result": null, "error": [code, "no", null]})).await,
                    None => miner.answer(&share, json!(true)).await,
                }
                is_old
            } {}
        }
        counted.wait_for(|tally| tally.blocks > 0).await.unwrap();
        let tally = counted.borrow().clone();
        assert!(tally.shares_late > 0 && tally.shares_rejected > 0, "{tally:?}");
        assert!(tally.shares_accepted >= tally.blocks && tally.rewards == 100 * tally.blocks, "{tally:?}");
        assert_eq!(
            (tally.server, tally.height, tally.difficulty),
            (Some(server.address()), Some(70_000), Some(DIFFICULTY))
        );
        miner.notice("qoin.idle", json!([])).await;
        counted.wait_for(|tally| tally.height.is_none() && tally.difficulty.is_none()).await.unwrap();
        drop(miner);
        counted.wait_for(|tally| tally.server.is_none()).await.unwrap();
    })
    .await;
    assert_eq!(ended, None);
}

#[tokio::test]
async fn clean_jobs_end_the_shares_of_all_earlier_jobs() {
    let server = Server::start().await;
    mine_against(&server.account(), QUICK, async |_| {
        let mut miner = server.accept_authorised().await;
        miner.notice("mining.set_difficulty", json!([DIFFICULTY])).await;
        for (old, job, clean) in [("", "a", true), ("a", "b", false), ("b", "c", true)] {
            miner.send_job(job, clean).await;
            let mut share_of = miner.next_share_of().await;
            while share_of != job {
                // Sent before the miner had read of the new job, or found for one that is still good.
                assert!(share_of == old || share_of == "a", "{share_of}");
                share_of = miner.next_share_of().await;
            }
        }
        for _ in 0..200 {
            assert_eq!(miner.next_share_of().await, "c");
        }
    })
    .await;
}

#[tokio::test]
async fn idle_puts_the_threads_to_sleep_until_the_next_job() {
    let server = Server::start().await;
    mine_against(&server.account(), QUICK, async |threads| {
        let mut miner = server.accept_authorised().await;
        miner.notice("mining.set_difficulty", json!([DIFFICULTY])).await;
        miner.send_job("a", true).await;
        assert_eq!(miner.next_share_of().await, "a");
        miner.notice("qoin.idle", json!([])).await;
        // Shares already on their way are answered, so that none keeps the miner waiting.
        tokio::select! {
            () = until_all_sleep(threads) => {}
            () = async { loop { assert_eq!(miner.next_share_of().await, "a") } } => {}
        }
        miner.send_job("b", true).await;
        while miner.next_share_of().await != "b" {}
        assert_eq!(miner.next_share_of().await, "b");
    })
    .await;
}

#[tokio::test]
async fn new_extranonces_hold_from_the_next_job_on() {
    let server = Server::start().await;
    mine_against(&server.account(), QUICK, async |_| {
        let mut miner = server.accept_authorised().await;
        miner.notice("mining.set_difficulty", json!([DIFFICULTY])).await;
        miner.notice("mining.set_extranonce", json!(["01020304", 4])).await;
        miner.send_job("a", true).await;
        let (_, params) = miner.expect("mining.submit").await;
        assert!(Target::from_difficulty(DIFFICULTY).unwrap().is_met_by(&hash_of_share(&params, [1, 2, 3, 4])));
    })
    .await;
}

#[tokio::test]
async fn a_refused_key_ends_the_miner_with_the_servers_reason() {
    for refusal in [
        json!({"result": null, "error": [24, "unknown service key", null]}),
        json!({"result": false, "error": [24, "unknown service key", null]}),
        json!({"result": false, "error": null}),
    ] {
        let server = Server::start().await;
        let reason = mine_against(&server.account(), QUICK, async |_| {
            let mut miner = server.accept().await;
            let (id, _) = miner.expect("mining.subscribe").await;
            miner.answer(&id, json!([[], "00000001", 4])).await;
            let (id, _) = miner.expect("mining.authorize").await;
            let mut line = refusal.clone();
            line["id"] = id;
            miner.send(&line).await;
            assert!(miner.request().await.is_none(), "the miner leaves");
            std::future::pending::<()>().await;
        })
        .await;
        let expected = if refusal["error"].is_null() { "no reason" } else { "unknown service key (code 24)" };
        assert!(reason.as_ref().is_some_and(|reason| reason.contains(expected)), "{reason:?}");
    }
}

#[tokio::test]
async fn a_lost_connection_is_made_anew_and_old_shares_stay_behind() {
    let server = Server::start().await;
    mine_against(&server.account(), QUICK, async |threads| {
        for job in ["a", "b", "c", "d"] {
            let mut miner = server.accept_authorised().await;
            until_all_sleep(threads).await;
            miner.notice("mining.set_difficulty", json!([DIFFICULTY])).await;
            miner.send_job(job, true).await;
            for _ in 0..10 {
                assert_eq!(miner.next_share_of().await, job);
            }
        }
    })
    .await;
}

#[tokio::test]
async fn garbage_ends_the_connection() {
    let server = Server::start().await;
    let long = format!("{}\n", "x".repeat(line::LINE_BYTES_MAX));
    mine_against(&server.account(), QUICK, async |_| {
        for garbage in [
            "HTTP/1.1 400 Bad Request\r\n\r\n",
            "{\"id\":1,\"result\":[[],\"zz\",4],\"error\":null}\n",
            "{\"id\":1,\"result\":null,\"error\":[20,\"full\",null]}\n",
            "{\"id\":99,\"result\":true,\"error\":null}\n",
            "{\"id\":null,\"method\":\"mining.notify\",\"params\":[]}\n",
            "{\"id\":null,\"method\":\"client.reconnect\",\"params\":[]}\n",
            "\u{0}\u{1}\n",
            &long,
        ] {
            let mut miner = server.accept().await;
            miner.expect("mining.subscribe").await;
            miner.send_text(garbage).await;
            assert!(miner.request().await.is_none(), "{:?}", garbage.chars().take(60).collect::<String>());
        }
        // A job that comes before its extranonces is garbage too.
        let mut miner = server.accept().await;
        miner.send_job("a", true).await;
        miner.expect("mining.subscribe").await;
        assert!(miner.request().await.is_none());
        // And the miner still works.
        let mut miner = server.accept_authorised().await;
        miner.notice("mining.set_difficulty", json!([DIFFICULTY])).await;
        miner.send_job("b", true).await;
        assert_eq!(miner.next_share_of().await, "b");
    })
    .await;
}

#[tokio::test]
async fn a_silent_server_is_asked_once_and_then_left() {
    let server = Server::start().await;
    let patience = Patience { silence: Duration::from_millis(20), answer: Duration::from_millis(500), ..QUICK };
    mine_against(&server.account(), patience, async |_| {
        let mut silent = server.accept_authorised().await;
        for _ in ["after the authorisation", "after the silence"] {
            let line = silent.lines.next().await.unwrap().expect("a question");
            assert!(String::from_utf8_lossy(line).contains("mining.extranonce.subscribe"));
        }
        assert!(silent.lines.next().await.unwrap().is_none(), "the miner leaves");
        let mut never_answers = server.accept().await;
        never_answers.expect("mining.subscribe").await;
        assert!(never_answers.request().await.is_none(), "the miner leaves");
        server.accept().await.expect("mining.subscribe").await;
    })
    .await;
}

#[tokio::test]
async fn a_servers_questions_are_answered() {
    let server = Server::start().await;
    mine_against(&server.account(), QUICK, async |_| {
        let mut miner = server.accept_authorised().await;
        for (method, result) in [("client.get_version", true), ("mining.ping", true), ("mining.dance", false)] {
            miner.send(&json!({"id": 7, "method": method, "params": []})).await;
            let answer = loop {
                let line: Value = serde_json::from_slice(miner.lines.next().await.unwrap().unwrap()).unwrap();
                if line.get("method").is_none() {
                    break line;
                }
            };
            assert_eq!((&answer["id"], answer["result"].is_string()), (&json!(7), result), "{answer}");
        }
    })
    .await;
}
