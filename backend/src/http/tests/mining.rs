//! Mining in a browser, from outside: jobs by the event stream, shares by POST, and who sees whose miners.

use super::events::Events;
use super::*;
use qoin_core::api::mining::{MiningJoined, MiningWork, shares_path};
use qoin_core::header::Header;

#[tokio::test]
async fn jobs_come_on_the_stream_and_a_share_solves_the_block() {
    let town = Town::with_money().await;
    let mut events = Events::follow(&town, &town.bob, "").await;
    events.expect("account").await;
    let joined = town.post("/api/v1/mining", &town.bob, json!({ "worker": "browser" })).await;
    assert_eq!(joined.status, StatusCode::CREATED);
    let MiningJoined { miner, job } = serde_json::from_value(joined.json).unwrap();
    assert_eq!(job, None);
    town.pay(&town.ada, &town.bob, 2_000, None).await.ok();
    let job = loop {
        let told = events.next().await.unwrap();
        if told.name == "work" {
            assert_eq!(told.id, None, "it is told anew, not resumed");
            let work: MiningWork = serde_json::from_value(told.data).unwrap();
            assert_eq!(work.miner, miner);
            if let Some(job) = work.job {
                break job;
            }
        }
    };
    // A stream that opens later is told at once.
    let mut later = Events::follow(&town, &town.bob, "").await;
    later.expect("account").await;
    assert_eq!(later.expect("work").await.data["job"]["id"], job.id);

    let header = Header::from_bytes(&job.header.0);
    let is_good = |nonce: &u32| job.target.is_met_by(&Header { nonce: *nonce, ..header }.hash());
    let block = header.bits.expand().unwrap();
    let good = (0..).find(|&nonce| block.is_met_by(&Header { nonce, ..header }.hash())).unwrap();
    let bad = (0..).find(|nonce| !is_good(nonce)).unwrap();
    let share = |nonce: u32, time: u32| json!({ "job": job.id, "time": time, "nonce": nonce });
    let path = shares_path(miner);
    assert_eq!(town.post(&path, &town.bob, share(bad, header.time)).await.code(), "low_difficulty_share");
    assert_eq!(town.post(&path, &town.bob, share(good, header.time + 61)).await.code(), "share_time");
    assert_eq!(town.post(&path, &town.ada, share(good, header.time)).await.code(), "not_found");
    assert_eq!(town.post(&path, &town.bob, json!({ "job": 1 })).await.code(), "malformed_request");
    let taken = town.post(&path, &town.bob, share(good, header.time)).await.ok();
    assert_eq!(taken["block"], job.height);
    assert_eq!(town.post(&path, &town.bob, share(good, header.time)).await.code(), "stale_share");
    let history = town.get("/api/v1/account/history?limit=1", &town.bob).await.ok();
    assert_eq!(history["movements"][0]["kind"], "reward");
    assert_eq!(history["movements"][0]["block"], job.height, "the reward is linked to its block");

    let leave = |who| town.send(Method::DELETE, &path[..path.len() - "/shares".len()], who, None);
    assert_eq!(leave(&town.ada.token).await.code(), "not_found");
    assert_eq!(leave(&town.bob.token).await.status, StatusCode::NO_CONTENT);
    assert_eq!(leave(&town.bob.token).await.code(), "not_found");
}

#[tokio::test]
async fn members_see_their_own_miners_and_administrators_all() {
    let town = Town::found().await;
    for (member, worker) in [(&town.ada, "browser"), (&town.bob, "browser"), (&town.bob, "laptop")] {
        town.post("/api/v1/mining", member, json!({ "worker": worker })).await.ok();
    }
    let workers = |json: Value| -> Vec<(String, String)> {
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let list = json["workers"].as_array().unwrap();
        list.iter().map(|worker| (text(&worker["owner"]["email"]), text(&worker["name"]))).collect()
    };
    let pair = |email: &str, name: &str| (format!("{email}@example.org"), name.to_owned());
    let own = workers(town.get("/api/v1/mining/workers", &town.bob).await.ok());
    assert_eq!(own, [pair("bob", "browser"), pair("bob", "laptop")]);
    assert_eq!(town.get("/api/v1/mining/workers?all=true", &town.bob).await.code(), "forbidden");
    let mut all = workers(town.get("/api/v1/mining/workers?all=true", &town.admin).await.ok());
    all.sort();
    assert_eq!(all, [pair("ada", "browser"), pair("bob", "browser"), pair("bob", "laptop")]);
    let wrong = town.post("/api/v1/mining", &town.bob, json!({ "worker": "my rig" })).await;
    assert_eq!(wrong.code(), "invalid_worker");
    assert_eq!(town.ask("/api/v1/mining", json!({ "worker": "browser" })).await.code(), "session_expired");

    let metrics = town.get("/metrics", &town.bob).await.json;
    let metrics = metrics.as_str().unwrap();
    assert!(metrics.contains("\nqoin_miners 3\n"), "{metrics}");
    assert!(metrics.contains("\nqoin_shares_total{result=\"taken\"} 0\n"), "{metrics}");
    assert!(metrics.contains("\nqoin_hash_rate_estimate{over=\"1h\"} 0\n"), "{metrics}");
}
