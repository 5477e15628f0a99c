//! The leader dies without warning, again and again, on one data folder: after each death everything that it had
//! acknowledged is there once, nothing is there by half, and what the members see is what the chain adds up to.

mod books;
mod compare;
mod fetch;
mod load;
mod moment;
mod newcomer;
mod town;

pub use newcomer::Newcomer;

use crate::random::Random;
use anyhow::{Context, Result};
use load::Told;
use moment::Moment;
use std::time::{Duration, Instant};
use town::Town;

/// How often, and with which choices.
#[derive(clap::Args)]
pub struct Options {
    /// How many deaths.
    #[arg(long, value_name = "N", default_value_t = 20)]
    rounds: u64,
    /// The seed of the first round, as a round before printed it; each next one counts on from it.
    #[arg(long, value_name = "SEED", value_parser = parse_seed)]
    seed: Option<u64>,
}

fn parse_seed(text: &str) -> Result<u64, std::num::ParseIntError> {
    u64::from_str_radix(text.trim_start_matches("0x"), 16)
}

/// What happened in all rounds together.
#[derive(Default)]
struct Sum {
    acknowledged: usize,
    unanswered: usize,
    made: usize,
    newcomers: usize,
    starts_killed: usize,
}

/// Goes through all rounds.
///
/// # Errors
/// What the leader lost, made twice or showed wrong; its data folder is left where it is then.
pub async fn run(options: &Options) -> Result<()> {
    let first_seed = options.seed.unwrap_or_else(|| u64::from_be_bytes(qoin_tests::member::random()) >> 16);
    let mut town = Town::found().await?;
    let began = Instant::now();
    let mut sum = Sum::default();
    for number in 0..options.rounds {
        let seed = first_seed.wrapping_add(number);
        if let Err(error) = round(&mut town, number + 1, seed, &mut sum).await {
            let folder = town.leader.keep_data();
            let output = town.leader.output();
            let again = format!("round {}, to be tried again with --seed {seed:#x}", number + 1);
            return Err(error.context(format!("{again}; the data is left in {folder}\n{output}")));
        }
    }
    town.compare_everything().await.context("all of it, loaded anew after the last round")?;
    let took = began.elapsed();
    println!(
        "{} rounds in {:.1} s ({:.2} s each): {} payments acknowledged, {} unanswered ({} of them made), {} members \
         joined, {} starts killed; {} log records and {} blocks, all as they should be",
        options.rounds,
        took.as_secs_f64(),
        took.as_secs_f64() / options.rounds.max(1) as f64,
        sum.acknowledged,
        sum.unanswered,
        sum.made,
        sum.newcomers,
        sum.starts_killed,
        town.books.records(),
        town.books.blocks(),
    );
    Ok(())
}

/// Load, death, perhaps deaths while it starts, and the comparison.
async fn round(town: &mut Town, number: u64, seed: u64, sum: &mut Sum) -> Result<()> {
    let mut random = Random::new(seed);
    let moment = Moment::choose(&mut random);
    let load = load::until_killed(town, moment, &mut random).await?;
    let starts = if random.one_in(3) { random.within(1..4) } else { 0 };
    for _ in 0..starts {
        let longest_us = u64::try_from(town.start_took.as_micros()).unwrap_or(u64::MAX).max(1);
        town.leader.start_and_kill(Duration::from_micros(random.within(0..longest_us)))?;
    }
    town.start_again()?;
    town.learn().await?;
    let made = town.compare(&load).await?;
    let (acknowledged, unanswered) = (load.count(Told::is_accepted), load.count(Told::is_nothing));
    println!(
        "round {number}, seed {seed:#x}: killed {moment} after {} ms; {acknowledged} acknowledged, {unanswered} \
         unanswered ({made} made); {} records, {} blocks; {starts} starts killed, back after {} ms",
        load.took.as_millis(),
        town.books.records(),
        town.books.blocks(),
        town.start_took.as_millis(),
    );
    sum.acknowledged += acknowledged;
    sum.unanswered += unanswered;
    sum.made += made;
    sum.newcomers += load.newcomers.len();
    sum.starts_killed += usize::try_from(starts).unwrap_or(usize::MAX);
    town.send_again(load, &mut random).await
}
