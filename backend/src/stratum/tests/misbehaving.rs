//! Miners that do not keep to the protocol are cut off, are told why, and disturb nobody else.

use super::*;
use crate::mining::limits::{MESSAGES_AT_ONCE, Patience};
use std::time::Instant;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};

#[tokio::test]
async fn lines_that_are_no_requests_end_the_connection_and_nothing_else() {
    let leader = Leader::open().await;
    for (line, why) in [
        ("{", "not a request"),
        ("[]", "not a request"),
        ("{\"method\": 5}", "not a request"),
        ("{\"method\": \"a\", \"params\": 7}", "not a request"),
        (&"[".repeat(8_000), "not a request"),
        (&"x".repeat(20_000), "longer than 8192 bytes"),
        (&"x".repeat(10_000_000), "longer than 8192 bytes"),
    ] {
        let mut client = leader.connect().await;
        client.send(line).await;
        let words = client.last_words().await;
        assert!(words.contains(why), "{}: {words}", &line[..line.len().min(40)]);
    }
    // Bytes that are no text at all.
    let mut stream = TcpStream::connect(leader.address).await.unwrap();
    stream.write_all(b"\xff\xfe\x00\n").await.unwrap();
    assert_eq!(stream.read(&mut [0; 64]).await.unwrap_or(0), 0);
    let mut client = leader.connect().await;
    assert_eq!(client.ask("mining.ping", json!([])).await, Ok(json!("pong")));
}

#[tokio::test]
async fn a_flood_is_cut_off() {
    let leader = Leader::open().await;
    let stream = TcpStream::connect(leader.address).await.unwrap();
    let (reader, mut writer) = stream.into_split();
    let flood = tokio::spawn(async move {
        let line = b"{\"id\":1,\"method\":\"mining.ping\",\"params\":[]}\n";
        while writer.write_all(line).await.is_ok() {}
    });
    let mut client = Client::new(tokio::io::join(reader, tokio::io::sink()));
    let mut answers = 0;
    let words = loop {
        let message = client.line().await.expect("it is told why");
        if message["method"] == "client.show_message" {
            break message["params"][0].as_str().unwrap().to_owned();
        }
        answers += 1;
    };
    assert!(words.contains("messages a second"), "{words}");
    assert!(answers >= MESSAGES_AT_ONCE, "{answers}");
    drop(client);
    flood.await.unwrap();
}

/// How long something takes that takes long.
const SHORT: Duration = Duration::from_millis(300);

/// A session over a pipe that holds so many bytes.
async fn over_a_pipe(
    buffer: usize,
    patience: Patience,
) -> (Town, Client<DuplexStream>, tokio::task::JoinHandle<session::Ended>) {
    let patience = Patience { look: SHORT / 10, ..patience };
    let town = Town::found(1 << 18, Settings { patience, ..Default::default() }).await;
    let (near, far) = duplex(buffer);
    let door = Door::new(town.mining.clone(), town.identity.clone(), None);
    (town, Client::new(near), tokio::spawn(session::run(far, [192, 0, 2, 7].into(), door)))
}

#[tokio::test]
async fn who_says_nothing_is_cut_off() {
    let begun = Instant::now();
    let (_town, client, session) = over_a_pipe(4_096, Patience { authorize: SHORT, ..Default::default() }).await;
    assert_eq!(client.last_words().await, "not authorized in time");
    assert!(matches!(session.await.unwrap(), session::Ended::NotAuthorized));
    assert!(begun.elapsed() >= SHORT);
}

#[tokio::test]
async fn who_does_not_end_a_line_is_cut_off() {
    let (_town, mut client, session) = over_a_pipe(4_096, Patience { line: SHORT, ..Default::default() }).await;
    client.begin("stock", "anonymous", "x").await;
    let begun = Instant::now();
    client.send_half("{\"id\": 7, \"meth").await;
    assert_eq!(client.last_words().await, "a line did not end in time");
    assert!(matches!(session.await.unwrap(), session::Ended::HalfLine));
    assert!(begun.elapsed() >= SHORT);
}

#[tokio::test]
async fn who_does_not_read_is_cut_off() {
    let (_town, mut client, session) = over_a_pipe(1_024, Patience { write: SHORT, ..Default::default() }).await;
    let begun = Instant::now();
    let pings = "{\"id\":1,\"method\":\"mining.ping\",\"params\":[]}\n".repeat(100);
    client.send(&pings).await;
    assert!(matches!(session.await.unwrap(), session::Ended::SlowReader));
    assert!(begun.elapsed() >= SHORT);
}

#[tokio::test]
async fn who_makes_nothing_of_its_work_is_cut_off_and_who_waits_for_work_is_not() {
    let patience = Patience { silent: SHORT * 2, sign_of_life: SHORT, ..Default::default() };
    let (town, mut client, session) = over_a_pipe(1 << 20, patience).await;
    client.begin("stock", "anonymous", "x").await;
    let begun = Instant::now();
    // Nothing waits: the difficulty is told again and again.
    for _ in 0..5 {
        client.notice("mining.set_difficulty").await;
    }
    assert!(begun.elapsed() > patience.silent, "{:?}", begun.elapsed());
    town.pay(1).await;
    assert_eq!(client.last_words().await, "it has work, and sends nothing");
    assert!(matches!(session.await.unwrap(), session::Ended::Silent));
}
