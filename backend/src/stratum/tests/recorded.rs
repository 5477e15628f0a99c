//! Sessions of miners of different make, kept as files under tests/vectors/stratum/: what the miner sends, line by line,
//! and what it must hear.

use super::*;

const SESSIONS: [(&str, &str); 4] = [
    ("plain", include_str!("../../../../tests/vectors/stratum/plain.txt")),
    ("extensions", include_str!("../../../../tests/vectors/stratum/extensions.txt")),
    ("text-ids", include_str!("../../../../tests/vectors/stratum/text-ids.txt")),
    ("resuming", include_str!("../../../../tests/vectors/stratum/resuming.txt")),
];

/// Whether a message is the expected one, in which `"*"` stands for anything, and a text that ends in `*` for any that
/// begins so.
fn fits(message: &Value, expected: &Value) -> bool {
    match (message, expected) {
        (_, Value::String(any)) if any == "*" => true,
        (Value::String(text), Value::String(start)) if start.ends_with('*') => {
            text.starts_with(start.trim_end_matches('*'))
        }
        (Value::Array(found), Value::Array(expected)) => {
            found.len() == expected.len() && found.iter().zip(expected).all(|(found, expected)| fits(found, expected))
        }
        (Value::Object(found), Value::Object(expected)) => {
            found.len() == expected.len()
                && expected.iter().all(|(name, expected)| found.get(name).is_some_and(|found| fits(found, expected)))
        }
        _ => message == expected,
    }
}

#[tokio::test]
async fn every_make_of_miner_is_understood_and_solves_its_block() {
    for (name, session) in SESSIONS {
        let leader = Leader::open().await;
        let mut client = leader.connect().await;
        let mut job: Option<Job> = None;
        for (number, line) in session.lines().enumerate().filter(|(_, line)| !line.starts_with('#')) {
            let place = format!("{name}.txt:{}", number + 1);
            let (direction, rest) = line.split_at(2);
            match direction {
                "! " => leader.town.pay(rest.parse().unwrap()).await,
                "> " => {
                    let mut line = rest
                        .replace("{user}", &format!("{}.rig", leader.town.bob.email))
                        .replace("{key}", &leader.town.bob.service_key);
                    if let Some(job) = &job {
                        let good = nonce(&client.header(job, [0, 0, 0, 1]), block_difficulty(job), true);
                        line = line
                            .replace("{job}", &job.id)
                            .replace("{time}", &format!("{:08x}", job.time))
                            .replace("{nonce}", &format!("{good:08x}"));
                    }
                    client.send(&line).await;
                }
                "< " => {
                    let message = client.line().await.unwrap_or_else(|| panic!("{place}: the server closed"));
                    let expected: Value = serde_json::from_str(rest).unwrap();
                    assert!(fits(&message, &expected), "{place}: expected {expected}, heard {message}");
                    if message["method"] == "mining.notify" {
                        job = Some(Job::read(&message["params"]));
                    } else if let Some(extranonce1) = message["result"][1].as_str() {
                        client.extranonce1 = hex::decode(extranonce1).unwrap();
                    }
                }
                _ => panic!("{place}: {line}"),
            }
        }
        assert_eq!(leader.height(), 2, "{name}");
        assert_eq!(leader.town.balance(&leader.town.bob), 2_000 + 100, "{name}");
    }
}
