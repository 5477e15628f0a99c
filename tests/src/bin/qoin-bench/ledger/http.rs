//! Signed transfers through the program's HTTP API. They are signed beforehand; the leader checks each signature, and
//! answers once the transfer is durable. Client and leader share the machine.

use super::Scale;
use super::accounts::{Accounts, Random};
use super::engine::Members;
use super::postgres::Postgres;
use super::program::Program;
use crate::Row;
use crate::load::{self, Keep};
use anyhow::{Context, Result, ensure};
use qoin_core::{
    api::transactions::{BATCH_PATH, BatchAnswer, BatchEntry, BatchResult, TRANSACTIONS_PATH},
    encode::encode,
    limits::BATCH_ENTRIES_MAX,
    payment_id::PaymentId,
};
use qoin_tests::member::{leader_time_ms, random, units};
use qoin_tests::{Api, Member};
use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::time::Instant;

const CONNECTIONS: usize = 64;
/// Batches on their way at the same time.
const BATCHES: usize = 4;

/// The three rows of the door.
pub fn measure(
    program: &Program,
    data: &Path,
    accounts: &Accounts,
    members: &Members,
    scale: &Scale,
    postgres: &Postgres,
) -> Result<Vec<Row>> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let api = program.api();
        let sign_in = async |email: &String| Member::sign_in(&api, email, members.password).await;
        let mut signed_in = Vec::new();
        for email in &members.emails {
            signed_in.push(sign_in(email).await?);
        }
        let (administrator, payers) = signed_in.split_first().context("there are members")?;
        let mut rows = batches(program, administrator, accounts, scale.batched, postgres).await?;
        rows.extend(single(program, data, payers, scale, postgres).await?);
        Ok(rows)
    })
}

/// Transfers of random pairs of all accounts, that an administrator hands in.
async fn batches(
    program: &Program,
    administrator: &Member,
    accounts: &Accounts,
    count: usize,
    postgres: &Postgres,
) -> Result<Vec<Row>> {
    eprintln!("signing {count} transfers for batches");
    let now_ms = leader_time_ms(&administrator.api).await?;
    let transfers =
        accounts.transfers(accounts.count(), count, Random::new(now_ms, 0).next(), now_ms, &administrator.genesis);
    let transfers: Vec<BatchEntry> = transfers.into_iter().map(|signed| (signed, None)).collect();
    let requests = transfers
        .chunks(BATCH_ENTRIES_MAX)
        .map(|batch| request(&administrator.api, BATCH_PATH, "application/octet-stream", &encode(&batch.to_vec())));
    let requests: Vec<Vec<u8>> = requests.collect::<Result<_>>()?;
    let (warm_up, measured) = requests.split_at(requests.len() / 10);
    load::send_all(program.address(), warm_up, BATCHES, Keep::Nothing).await?;
    eprintln!("sending them");
    let before_s = program.processor_s()?;
    let run = load::send_all(program.address(), measured, BATCHES, Keep::Answers).await?;
    let processor_s = program.processor_s()? - before_s;
    for answer in &run.answers {
        let answer: BatchAnswer = serde_json::from_slice(answer).context("a batch's answer")?;
        let refused = answer.results.iter().find(|result| !matches!(result, BatchResult::Accepted(_)));
        ensure!(refused.is_none(), "a good transfer was not accepted: {refused:?}");
    }
    let sent = transfers.len() - warm_up.len() * BATCH_ENTRIES_MAX;
    let speed = sent as f64 / run.took.as_secs_f64();
    Ok(vec![
        Row::new(format!("signed transfers over HTTP, batches of {BATCH_ENTRIES_MAX}"), speed, "1/s")
            .at_least(50_000.0, 80_000.0)
            .against(postgres.name("stored procedure, 64 clients"), postgres.procedure_64),
        Row::new("the leader's processor time for each", processor_s / sent as f64 * 1e6, "us"),
        Row::new(
            format!("one batch of {BATCH_ENTRIES_MAX}, {BATCHES} at a time, median"),
            run.percentile_ms(0.5),
            "ms",
        ),
    ])
}

/// Transfers of each member to the next, one a request: over many connections, and of one client alone.
async fn single(
    program: &Program,
    data: &Path,
    payers: &[Member],
    scale: &Scale,
    postgres: &Postgres,
) -> Result<Vec<Row>> {
    eprintln!("signing {} transfers for single requests", scale.single + scale.alone);
    let requests = transfers(payers, scale.single + scale.alone).await?;
    let (many, alone) = requests.split_at(scale.single);
    let (warm_up, measured) = many.split_at(many.len() / 10);
    load::send_all(program.address(), warm_up, CONNECTIONS, Keep::Nothing).await?;
    eprintln!("sending them");
    let before_s = program.processor_s()?;
    let run = load::send_all(program.address(), measured, CONNECTIONS, Keep::Nothing).await?;
    let processor_s = program.processor_s()? - before_s;
    let speed = measured.len() as f64 / run.took.as_secs_f64();
    let fsync_ms = fsync_ms(data)?;
    let one = load::send_all(program.address(), alone, 1, Keep::Nothing).await?;
    Ok(vec![
        Row::new(format!("signed transfers over HTTP, {CONNECTIONS} connections"), speed, "1/s")
            .at_least(20_000.0, 30_000.0)
            .against(postgres.name("one transfer a transaction, 64 clients"), postgres.statements_64),
        Row::new("the leader's processor time for each", processor_s / measured.len() as f64 * 1e6, "us"),
        Row::new("one of these, median", run.percentile_ms(0.5), "ms"),
        Row::new("one of these, 99 of 100 within", run.percentile_ms(0.99), "ms").at_most(15.0, 15.0),
        Row::new("the file system makes 4 kB durable, median", fsync_ms, "ms"),
        Row::new("one client, one payment at a time, median", one.percentile_ms(0.5), "ms")
            .at_most(0.6, fsync_ms + 0.1)
            .against(postgres.name("one client, median"), postgres.alone_p50_ms),
    ])
}

async fn transfers(payers: &[Member], count: usize) -> Result<Vec<Vec<u8>>> {
    let now_ms = leader_time_ms(&payers[0].api).await?;
    (0..count)
        .map(|number| {
            let (payer, payee) = (&payers[number % payers.len()], &payers[(number + 1) % payers.len()]);
            let transfer = payer.transfer(payee.address, units("0.01"), PaymentId::new(now_ms, random()), None);
            request(&payer.api, TRANSACTIONS_PATH, "application/json", &serde_json::to_vec(&transfer)?)
        })
        .collect()
}

/// How long the disk takes to make a page that was appended to a file durable, in milliseconds.
fn fsync_ms(folder: &Path) -> Result<f64> {
    let path = folder.join("fsync");
    let mut file = File::create(&path)?;
    let mut times = Vec::new();
    for _ in 0..500 {
        let began = Instant::now();
        file.write_all(&[1; 4096])?;
        file.sync_data()?;
        times.push(began.elapsed());
    }
    std::fs::remove_file(path)?;
    times.sort_unstable();
    Ok(times[times.len() / 2].as_secs_f64() * 1_000.0)
}

/// A whole HTTP request.
fn request(api: &Api, path: &str, kind: &str, body: &[u8]) -> Result<Vec<u8>> {
    let host = api.base().trim_start_matches("http://");
    let token = api.token().context("a member has a session")?;
    let head = format!(
        "POST {path} HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {token}\r\nContent-Type: {kind}\r\n\
         Content-Length: {}\r\n\r\n",
        body.len()
    );
    Ok([head.as_bytes(), body].concat())
}
