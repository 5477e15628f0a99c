//! What a thousand miners cost the leader: memory, processor time, and how long a payment takes to become their work.

use crate::Row;
use anyhow::{Context, Result};
use qoin_tests::{Leader, member::units, stratum::Crowd};
use std::time::{Duration, Instant};

const MINERS: usize = 1_000;
/// New work goes out ten times a second at most: so that every payment makes one.
const PAYMENT_EVERY: Duration = Duration::from_millis(100);

/// Runs a thousand connections for some seconds, with a payment each tenth of a second.
pub async fn measure(quick: bool) -> Result<Vec<Row>> {
    let seconds = if quick { 5 } else { 30 };
    // Nobody solves such a block, so all the time is one height's.
    let leader = Leader::start_with(&["--set", "starting_work=1_000_000_000_000_000"])?;
    let administrator = leader.administrator().await?;
    let ada = administrator.invite("Ada", "a long and good password").await?;
    let before = Usage::of(leader.id())?;
    let mut crowd = Crowd::connect(leader.stratum(), MINERS).await?;
    let joined = Usage::of(leader.id())?;

    let payments = (seconds * 1_000 / PAYMENT_EVERY.as_millis() as u64) as usize;
    let (mut paid, mut heard) = (Vec::with_capacity(payments), Vec::new());
    let mut ticks = tokio::time::interval(PAYMENT_EVERY);
    let (begun, used) = (Instant::now(), Usage::of(leader.id())?);
    while paid.len() < payments {
        tokio::select! {
            biased;
            notice = crowd.next() => heard.push(notice?),
            _ = ticks.tick() => {
                let crediting = administrator.credit(ada.address, units("0.01"));
                tokio::pin!(crediting);
                loop {
                    tokio::select! {
                        accepted = &mut crediting => {
                            accepted?;
                            break;
                        }
                        notice = crowd.next() => heard.push(notice?),
                    }
                }
                paid.push(Instant::now());
            }
        }
    }
    let (took, worked) = (begun.elapsed(), Usage::of(leader.id())?);
    let last = tokio::time::sleep(PAYMENT_EVERY * 3);
    tokio::pin!(last);
    loop {
        tokio::select! {
            () = &mut last => break,
            notice = crowd.next() => heard.push(notice?),
        }
    }
    let mut latencies = latencies(&paid, &heard);
    latencies.sort_unstable();
    let at = |part: f64| latencies[((latencies.len() - 1) as f64 * part) as usize].as_secs_f64() * 1_000.0;
    let notices = heard.iter().filter(|it| it.method == "mining.notify" && it.at >= begun).count();
    Ok(vec![
        Row::new("memory for each of 1,000 miners", (joined.memory - before.memory) / MINERS as f64 / 1_000.0, "kB"),
        Row::new("memory with 1,000 miners at work", worked.memory / 1e6, "MB"),
        Row::new("notices a second to 1,000 miners", notices as f64 / took.as_secs_f64(), "/s"),
        Row::new(
            "processor for that",
            (worked.cpu - used.cpu).as_secs_f64() / took.as_secs_f64() * 100.0,
            "% of a core",
        ),
        Row::new("accepted payment to notice, median", at(0.5), "ms"),
        Row::new("accepted payment to notice, 99 %", at(0.99), "ms"),
    ])
}

/// From each payment's acceptance to each connection's next work, which holds it.
fn latencies(paid: &[Instant], heard: &[qoin_tests::stratum::Heard]) -> Vec<Duration> {
    let mut of_each: Vec<Vec<Instant>> = vec![Vec::new(); MINERS];
    for notice in heard.iter().filter(|it| it.method == "mining.notify") {
        of_each[notice.connection].push(notice.at);
    }
    let next = |times: &Vec<Instant>, from: Instant| {
        let index = times.partition_point(|at| *at < from);
        times.get(index).map(|at| *at - from)
    };
    of_each.iter().flat_map(|times| paid.iter().filter_map(move |from| next(times, *from))).collect()
}

/// What a process has used so far.
struct Usage {
    /// Resident, in bytes.
    memory: f64,
    cpu: Duration,
}

impl Usage {
    fn of(process: u32) -> Result<Self> {
        /// Ticks of the system's accounting; 100 a second on Linux.
        const TICK: Duration = Duration::from_millis(10);
        let stat = std::fs::read_to_string(format!("/proc/{process}/stat"))?;
        // The name in round brackets may hold spaces; user and system time are fields 14 and 15.
        let fields = stat.rsplit_once(')').context("a process has a name")?.1;
        let ticks: u32 = fields.split_whitespace().skip(11).take(2).filter_map(|field| field.parse::<u32>().ok()).sum();
        Ok(Self { memory: qoin_tests::process::resident_bytes(process)? as f64, cpu: TICK * ticks })
    }
}
