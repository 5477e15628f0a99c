//! Pools that are not ours: what they may do differently, and that the headers come out right.

use super::*;
use crate::stratum::message::{Extranonce, Message, Notice};
use qoin_core::hash::sha256d;

const SESSIONS: &str = include_str!("../../../../tests/vectors/stratum-pools.txt");

#[test]
fn recorded_sessions_make_the_headers_of_their_blocks() {
    let (mut hash, mut extranonce, mut job, mut sessions) = ("", None, None, 0);
    for line in SESSIONS.lines() {
        match line.split_once(' ') {
            Some(("hash", text)) => hash = text,
            Some(("pool", text)) => match Message::parse(text.as_bytes()).unwrap() {
                Message::Answer(1, Ok(result)) => extranonce = Extranonce::from_subscription(&result),
                Message::Notice(Notice::Job(notified)) => job = Some(*notified),
                other => panic!("{other:?}"),
            },
            Some(("miner", text)) => {
                let (extranonce, job) = (extranonce.take().unwrap(), job.take().unwrap());
                let submit: Value = serde_json::from_str(text).unwrap();
                let field = |index: usize| hex::decode(submit["params"][index].as_str().unwrap()).unwrap();
                let number = |index| u32::from_be_bytes(field(index).try_into().unwrap());
                let extranonce2 = field(2);
                assert_eq!(
                    (submit["params"][1].as_str().unwrap(), extranonce2.len()),
                    (job.id(), extranonce.second_len)
                );
                let mut header = job.header(&extranonce.first, &extranonce2);
                header[68..72].copy_from_slice(&number(3).to_le_bytes());
                header[76..].copy_from_slice(&number(4).to_le_bytes());
                assert_eq!(BlockHash::from_bytes(sha256d(&header)).to_string(), hash, "{}", job.id());
                sessions += 1;
            }
            _ => {}
        }
    }
    assert_eq!(sessions, 4);
}

/// What a strict pool checks of a share beside its hash.
fn assert_well_formed(params: &Value, job: &str, extranonce2_len: usize) {
    let texts: Vec<_> = params.as_array().unwrap().iter().map(|param| param.as_str().unwrap()).collect();
    let [user, id, extranonce2, time, nonce] = texts[..] else { panic!("{params}") };
    assert_eq!((user, id, time), ("ada@example.org.attic", job, format!("{TIME:08x}").as_str()));
    let is_hex = |text: &str| text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    assert!(extranonce2.len() == 2 * extranonce2_len && nonce.len() == 8, "{params}");
    assert!(is_hex(extranonce2) && is_hex(nonce), "{params}");
}

#[tokio::test]
async fn extranonces_of_any_length_and_fractions_of_a_difficulty_are_understood() {
    let server = Server::start().await;
    mine_against(&server.account(), QUICK, async |_| {
        for (first, second_len, difficulty) in
            [("00", 1, 1.5e-6), ("", 2, 2e-6), ("0102030405060708", 8, 1.23e-6), ("0a0b0c", 16, 0.000_001)]
        {
            let mut miner = server.accept().await;
            let (id, _) = miner.expect("mining.subscribe").await;
            miner.answer(&id, json!([[["mining.notify", "x"]], first, second_len])).await;
            let (id, _) = miner.expect("mining.authorize").await;
            miner.answer(&id, json!(true)).await;
            miner.notice("mining.set_difficulty", json!([difficulty])).await;
            miner.send_job("a", true).await;
            let target = Target::from_difficulty(difficulty).unwrap();
            for _ in 0..3 {
                let (id, params) = miner.expect("mining.submit").await;
                assert_well_formed(&params, "a", second_len);
                let extranonce = hex::decode([first, params[2].as_str().unwrap()].concat()).unwrap();
                let (start, end) = coinbase(None).split();
                let hash = hash_over(&params, MerkleNode::from_bytes(sha256d(&[start, extranonce, end].concat())));
                assert!(target.is_met_by(&hash), "{hash} of {params}");
                miner.answer(&id, json!(true)).await;
            }
        }
    })
    .await;
}

#[tokio::test]
async fn what_pools_say_besides_does_no_harm() {
    let server = Server::start().await;
    mine_against(&server.account(), QUICK, async |_| {
        let mut miner = server.accept_authorised().await;
        miner.notice("mining.set_difficulty", json!([DIFFICULTY])).await;
        miner.send_job("a", true).await;
        assert_eq!(miner.next_share_of().await, "a");
        miner.notice("client.show_message", json!(["\u{1b}[31mYour account is fine"])).await;
        miner.notice("mining.set_version_mask", json!(["1fffe000"])).await;
        miner.notice("mining.set_goal", json!(["something else"])).await;
        for elsewhere in [json!(["pool.example", 3_333, 0]), json!(["127.0.0.1", "1"])] {
            miner.notice("client.reconnect", elsewhere).await;
        }
        // It has stayed, and still works.
        miner.send_job("b", true).await;
        while miner.next_share_of().await != "b" {}
        // To the same server it returns.
        let (host, port) =
            server.address().split_once(':').map(|(host, port)| (host.to_owned(), port.to_owned())).unwrap();
        miner.notice("client.reconnect", json!([host, port, 1])).await;
        while miner.request().await.is_some() {}
        server.accept_authorised().await;
    })
    .await;
}
