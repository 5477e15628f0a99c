//! `cargo xtask test`: every check and test, the cheap ones first.

mod count;
mod stage;

use crate::process;
use anyhow::{Context, Result, bail};
use count::Count;
use stage::{Outcome, Soak, Stage};
use std::fmt::Write;
use std::time::{Duration, Instant};

/// What to run.
#[derive(clap::Args)]
pub struct Options {
    /// A stage's name, or words that the names of the Rust tests to run contain; nothing for everything.
    #[arg(value_name = "STAGE or FILTER")]
    words: Vec<String>,
    /// Only this stage; can be repeated.
    #[arg(long, value_name = "STAGE")]
    only: Vec<Stage>,
    /// Go on after a stage has failed.
    #[arg(long)]
    keep_going: bool,
    #[command(flatten)]
    soak: Soak,
}

/// What one stage did.
struct Row {
    stage: Stage,
    took: Duration,
    outcome: Outcome,
}

/// Runs the stages, prints a table and the closing line. True when nothing failed.
pub fn run(options: &Options) -> Result<bool> {
    let (stages, filters) = selection(&options.words, &options.only)?;
    let mut rows = Vec::new();
    for stage in stages {
        process::announce(&format!("{stage}: {}", stage.about()));
        let began = Instant::now();
        let outcome = stage.run(&filters, &options.soak).unwrap_or_else(|error| {
            eprintln!("error: {error:#}");
            Outcome::Failed(Count::default())
        });
        let failed = matches!(outcome, Outcome::Failed(_));
        rows.push(Row { stage, took: began.elapsed(), outcome });
        if failed && !options.keep_going {
            break;
        }
    }
    let total = rows.iter().map(|row| row.outcome.count()).fold(Count::default(), |sum, count| sum + count);
    println!("\n{}\n{total}", table(&rows).context("writing the table")?);
    Ok(total.failed == 0)
}

/// Makes the pictures of all pages in docs/pictures anew, in the course of the test that visits them.
pub fn remake_pictures() -> Result<()> {
    process::run(stage::browser_tests(&["pages".to_owned()])?.env("QOIN_PICTURES", "1"))
}

/// The stages to run, and the words for those that take them.
fn selection(words: &[String], only: &[Stage]) -> Result<(Vec<Stage>, Vec<String>)> {
    let mut stages = only.to_vec();
    let mut filters = words.to_vec();
    if let Some(stage) = filters.first().and_then(|word| clap::ValueEnum::from_str(word, false).ok()) {
        stages.push(stage);
        filters.remove(0);
    }
    match (stages.is_empty(), filters.is_empty()) {
        (true, true) => Ok((Stage::ALL.to_vec(), filters)),
        (true, false) => Ok((vec![Stage::Rust], filters)),
        (false, false) if !stages.iter().all(|stage| stage.takes_filters()) => {
            bail!("only the stages rust, wasm, python and e2e take words to choose tests by: {}", filters.join(" "))
        }
        (false, _) => Ok((stages, filters)),
    }
}

fn table(rows: &[Row]) -> Result<String> {
    let mut text = format!("{:<10} {:>8}  result\n", "stage", "seconds");
    let mut sum = Duration::ZERO;
    for Row { stage, took, outcome } in rows {
        sum += *took;
        writeln!(text, "{:<10} {:>8.1}  {outcome}", stage.to_string(), took.as_secs_f64())?;
    }
    writeln!(text, "{:<10} {:>8.1}", "all", sum.as_secs_f64())?;
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn select(words: &[&str], only: &[Stage]) -> Result<(Vec<Stage>, Vec<String>)> {
        selection(&words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>(), only)
    }

    #[test]
    fn words_choose_a_stage_or_filter_the_tests() {
        assert_eq!(select(&[], &[]).unwrap().0, Stage::ALL);
        assert_eq!(select(&["e2e"], &[]).unwrap(), (vec![Stage::E2e], vec![]));
        assert_eq!(select(&["e2e", "wallet"], &[]).unwrap(), (vec![Stage::E2e], vec!["wallet".to_owned()]));
        assert_eq!(select(&["crash"], &[]).unwrap(), (vec![Stage::Crash], vec![]));
        assert_eq!(select(&["exactly"], &[]).unwrap(), (vec![Stage::Rust], vec!["exactly".to_owned()]));
        assert_eq!(select(&[], &[Stage::Clippy]).unwrap().0, [Stage::Clippy]);
        assert!(select(&["exactly"], &[Stage::Clippy]).is_err());
    }
}
