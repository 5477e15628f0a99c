//! How many signed transfers a second the leader takes through its HTTP API, durably, one a request.

use crate::{Row, load};
use anyhow::{Context, Result};
use qoin_core::{api::transactions::TRANSACTIONS_PATH, payment_id::PaymentId};
use qoin_tests::{
    Leader, Member, Miner,
    member::{leader_time_ms, random, units},
    wait,
};

const CONNECTIONS: usize = 64;
const MEMBERS: usize = 8;

/// Transfers a second, and how long one takes, with client and server sharing the machine. The transfers are signed
/// beforehand; the leader verifies each, and answers once it is durable.
pub async fn measure(quick: bool) -> Result<Vec<Row>> {
    let leader = Leader::start()?;
    let members = members(&leader).await?;
    let count = if quick { 30_000 } else { 200_000 };
    eprintln!("signing {count} transfers");
    let requests = requests(&members, count).await?;
    let address = members[0].api.base().trim_start_matches("http://").to_owned();
    let (warm_up, measured) = requests.split_at(count / 10);
    load::send_all(&address, warm_up, CONNECTIONS).await?;
    eprintln!("sending them over {CONNECTIONS} connections");
    let run = load::send_all(&address, measured, CONNECTIONS).await?;
    let speed = measured.len() as f64 / run.took.as_secs_f64();
    Ok(vec![
        Row::new(format!("signed transfers over HTTP, {CONNECTIONS} connections"), speed, "1/s"),
        Row::new("one transfer, median", run.percentile_ms(0.5), "ms"),
        Row::new("one transfer, 99 of 100 within", run.percentile_ms(0.99), "ms"),
    ])
}

/// Members with enough confirmed money for any run.
async fn members(leader: &Leader) -> Result<Vec<Member>> {
    let administrator = leader.administrator().await?;
    let mut members = Vec::with_capacity(MEMBERS);
    for number in 0..MEMBERS {
        let member = administrator.invite(&format!("Member{number}"), "a long and good password").await?;
        administrator.credit(member.address, units("10000")).await?;
        members.push(member);
    }
    let mut miner = Miner::anonymous(leader.stratum())?;
    for member in &members {
        wait::until("the credit in a block", async || {
            Ok((member.account().await?.balance == units("10000")).then_some(()))
        })
        .await?;
    }
    miner.stop()?;
    Ok(members)
}

/// Whole HTTP requests, each with a transfer of the smallest unit from one member to the next.
async fn requests(members: &[Member], count: usize) -> Result<Vec<Vec<u8>>> {
    let now_ms = leader_time_ms(&members[0].api).await?;
    (0..count)
        .map(|number| {
            let (payer, payee) = (&members[number % MEMBERS], &members[(number + 1) % MEMBERS]);
            let transfer = payer.transfer(payee.address, units("0.01"), PaymentId::new(now_ms, random()), None);
            let body = serde_json::to_string(&transfer)?;
            let host = payer.api.base().trim_start_matches("http://");
            let token = payer.api.token().context("a member has a session")?;
            let head = format!(
                "POST {TRANSACTIONS_PATH} HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {token}\r\n\
                 Content-Type: application/json\r\nContent-Length: {}\r\n\r\n",
                body.len()
            );
            Ok((head + &body).into_bytes())
        })
        .collect()
}
