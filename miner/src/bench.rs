//! `qoin-miner bench`: how fast each kernel is on this machine, beside a plain double SHA-256 in the same run.

use anyhow::Context;
use qoin_miner::config::Bench;
use qoin_miner::kernel::{Kernel, Work, available};
use serde::Serialize;
use sha2::{Digest, Sha256};
use std::{
    hint::black_box,
    sync::atomic::{AtomicU32, Ordering},
    thread,
    time::{Duration, Instant},
};

/// A batch is short, so that it fits between two interruptions of a busy machine; of many the fastest counts.
const BATCH: Duration = Duration::from_millis(2);
/// Batches that threads run side by side before they are started anew.
const BATCHES_TOGETHER: u32 = 40;
/// Cycles from one multiplication to the next that needs its result, on the x86-64 processors of the last ten years.
const CYCLES_PER_MULTIPLICATION: f64 = 3.0;
/// The name of what the kernels are compared with.
const PLAIN: &str = "sha2";

/// A measured value, with what it is compared with.
#[derive(Debug, Serialize)]
struct Row {
    name: String,
    value: f64,
    unit: &'static str,
    peer: Option<String>,
    peer_value: Option<f64>,
    ratio: Option<f64>,
}

/// Measures, or only hashes, as the options say, and prints the rows.
///
/// # Errors
/// When there is no kernel of the name that is asked for.
pub fn run(options: &Bench) -> anyhow::Result<()> {
    if let (Some(hashes), Some(name)) = (options.count, &options.kernel) {
        hasher(name).with_context(|| format!("this processor has no kernel {name:?}"))?(hashes);
        return Ok(());
    }
    for row in measure(options.seconds) {
        match options.json {
            true => println!("{}", serde_json::to_string(&row).context("writing a row")?),
            false => println!("{}", row.text()),
        }
    }
    Ok(())
}

/// Measures for about so long.
fn measure(time: Duration) -> Vec<Row> {
    let mut contestants = vec![Contestant::new(PLAIN.into(), plain)];
    contestants.extend(available().into_iter().map(|kernel| Contestant::new(kernel.name.into(), search(kernel))));
    let mut clock_hz = 0.0_f64;
    let start = Instant::now();
    while start.elapsed() < time.mul_f64(0.6) {
        // In turns, so that all share the quiet and the busy moments of the machine.
        contestants.iter_mut().for_each(Contestant::run_once);
        clock_hz = clock_hz.max(clock());
    }
    let peer = contestants[0].best;
    let mut rows = vec![Row::alone(PLAIN, peer / 1e6, "MH/s")];
    for Contestant { name, best, .. } in &contestants[1..] {
        rows.push(Row::beside(name, best / 1e6, "MH/s", PLAIN, peer / 1e6));
    }
    if cfg!(target_arch = "x86_64") {
        rows.push(Row::alone("clock, from a chain of multiplications", clock_hz / 1e9, "GHz"));
        let cycles = |Contestant { name, best, .. }: &Contestant| {
            Row::alone(&format!("{name} at this clock"), clock_hz / best, "cycles/hash")
        };
        rows.extend(contestants[1..].iter().map(cycles));
    }
    let fastest = contestants.iter().max_by(|left, right| left.best.total_cmp(&right.best));
    if let Some(Contestant { name, batch, .. }) = fastest {
        let (one, two) = side_by_side(name, *batch, start, time);
        rows.push(Row::beside(&format!("{name}, two threads"), two / 1e6, "MH/s", "one thread", one / 1e6));
    }
    rows
}

/// What is measured.
struct Contestant {
    name: String,
    hash: Box<dyn Fn(u32)>,
    batch: u32,
    /// The most hashes a second of any batch.
    best: f64,
}

impl Contestant {
    fn new(name: String, hash: impl Fn(u32) + 'static) -> Self {
        let mut contestant = Self { name, hash: Box::new(hash), batch: 1 << 10, best: 0.0 };
        // Of three, since one may have been interrupted.
        let shortest = |contestant: &Self| (0..3).map(|_| contestant.time()).min().unwrap_or(BATCH);
        while shortest(&contestant) < BATCH && contestant.batch < 1 << 24 {
            contestant.batch *= 2;
        }
        contestant
    }

    fn time(&self) -> Duration {
        let start = Instant::now();
        (self.hash)(self.batch);
        start.elapsed()
    }

    fn run_once(&mut self) {
        self.best = self.best.max(f64::from(self.batch) / self.time().as_secs_f64());
    }
}

/// The most hashes a second of one thread, and of two threads together, measured in turns.
fn side_by_side(name: &str, batch: u32, start: Instant, time: Duration) -> (f64, f64) {
    let (mut one, mut two) = (0.0_f64, 0.0_f64);
    while start.elapsed() < time || two == 0.0 {
        one = one.max(together(1, name, batch));
        two = two.max(together(2, name, batch));
    }
    (one, two)
}

/// The most hashes a second that so many threads reach together in a batch of each: from the start, which they wait for
/// to be a common one, to the end of the last.
fn together(threads: u32, name: &str, batch: u32) -> f64 {
    let arrivals = AtomicU32::new(0);
    let work = || -> Vec<(Instant, Instant)> {
        let Some(hash) = hasher(name) else { return Vec::new() };
        let timed = |round: u32| {
            arrivals.fetch_add(1, Ordering::AcqRel);
            while arrivals.load(Ordering::Acquire) < threads * round {
                std::hint::spin_loop();
            }
            let begun = Instant::now();
            hash(batch);
            (begun, Instant::now())
        };
        (1..=BATCHES_TOGETHER).map(timed).collect()
    };
    let times: Vec<_> = thread::scope(|scope| {
        let handles: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        handles.into_iter().filter_map(|handle| handle.join().ok()).collect()
    });
    let rate = |round: usize| {
        let of_round = || times.iter().filter_map(|times| times.get(round));
        let begun = of_round().map(|(begun, _)| *begun).min();
        let ended = of_round().map(|(_, ended)| *ended).max();
        let time = ended.zip(begun).map_or(f64::INFINITY, |(ended, begun)| (ended - begun).as_secs_f64());
        f64::from(threads) * f64::from(batch) / time
    };
    (0..BATCHES_TOGETHER as usize).map(rate).fold(0.0, f64::max)
}

/// What hashes so many headers with the kernel of this name, or plainly.
fn hasher(name: &str) -> Option<Box<dyn Fn(u32)>> {
    if name == PLAIN {
        return Some(Box::new(plain));
    }
    let kernel = available().into_iter().find(|kernel| kernel.name == name)?;
    Some(Box::new(search(kernel)))
}

fn plain(hashes: u32) {
    let mut header = [0; 80];
    for nonce in 0..hashes {
        header[76..].copy_from_slice(&nonce.to_le_bytes());
        black_box(Sha256::digest(Sha256::digest(header)));
    }
}

fn search(kernel: Kernel) -> impl Fn(u32) {
    // No hash meets the target, so that every nonce is looked at.
    let work = Work::new(&[0; 80], 0);
    move |hashes| {
        black_box((kernel.first_candidate)(&work, 0, hashes.saturating_sub(1)));
    }
}

/// The processor's clock in Hz, from a chain of multiplications.
fn clock() -> f64 {
    const COUNT: u32 = 50_000;
    let (start, mut value) = (Instant::now(), black_box(3_u64));
    for _ in 0..COUNT {
        value = value.wrapping_mul(value);
        value = value.wrapping_mul(value);
        value = value.wrapping_mul(value);
        value = value.wrapping_mul(value);
    }
    black_box(value);
    f64::from(COUNT) * 4.0 * CYCLES_PER_MULTIPLICATION / start.elapsed().as_secs_f64()
}

impl Row {
    fn alone(name: &str, value: f64, unit: &'static str) -> Self {
        Self { name: name.into(), value, unit, peer: None, peer_value: None, ratio: None }
    }

    fn beside(name: &str, value: f64, unit: &'static str, peer: &str, peer_value: f64) -> Self {
        let (peer, ratio) = (Some(peer.into()), Some(value / peer_value));
        Self { name: name.into(), value, unit, peer, peer_value: Some(peer_value), ratio }
    }

    fn text(&self) -> String {
        let peer = self.peer.as_ref().zip(self.ratio).map(|(peer, ratio)| format!("{ratio:>8.2} x {peer}"));
        format!("{:<40}{:>9.2} {:<12}{}", self.name, self.value, self.unit, peer.unwrap_or_default())
    }
}
