//! `qoin verify` and `qoin export`: a chain is taken from where it is, and checked or written to a file.

mod export;
mod leader_api;
mod progress;
mod receipt;
mod report;
mod source;

pub use export::{ExportArguments, export};

use progress::Bar;
use qoin::verify::{self, Settings, VerifyError};
use qoin_core::{hash::GenesisHash, keys::PublicKey};
use report::Report;
use source::SourceArguments;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

/// What `qoin verify` can be told.
#[derive(Debug, clap::Args)]
pub struct VerifyArguments {
    #[command(flatten)]
    source: SourceArguments,
    /// A file that `qoin export` wrote.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["data", "url"])]
    file: Option<PathBuf>,
    /// A receipt instead of a chain.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["data", "url", "file", "from"])]
    receipt: Option<PathBuf>,
    /// Takes the signatures of transactions in blocks below this height as given (key rotations' are checked all the same).
    /// Every other rule is checked from the genesis on.
    #[arg(long, value_name = "HEIGHT", default_value_t = 0)]
    from: u32,
    /// The chain that it has to be, by its genesis hash.
    #[arg(long, value_name = "HASH")]
    genesis: Option<GenesisHash>,
    /// The key that has to have sealed the receipt.
    #[arg(long, value_name = "KEY", requires = "receipt")]
    leader_key: Option<PublicKey>,
    /// Prints the outcome as one line of JSON.
    #[arg(long)]
    json: bool,
}

/// `qoin verify`. Exit code 0: everything is good. 1: a rule is broken. 2: there was nothing to check.
pub fn verify(arguments: &VerifyArguments) -> ExitCode {
    let report = match &arguments.receipt {
        Some(file) => receipt::check(file, arguments.genesis, arguments.leader_key),
        None => check_chain(arguments),
    };
    let report = report.unwrap_or_else(|error| Report::Failed(format!("{error:#}")));
    report.print(arguments.json);
    report.exit_code()
}

fn check_chain(arguments: &VerifyArguments) -> anyhow::Result<Report> {
    let mut chain = match &arguments.file {
        Some(file) => source::open_file(file)?,
        None => source::open(&arguments.source)?,
    };
    let settings = Settings {
        threads: std::thread::available_parallelism().map_or(1, usize::from),
        from_height: arguments.from,
        genesis: arguments.genesis,
        state: chain.state,
    };
    let began = Instant::now();
    let mut bar = Bar::new(chain.total, arguments.json);
    let verified = verify::verify(&mut *chain.bytes, settings, |progress| bar.show(progress));
    bar.clear();
    let took = began.elapsed();
    match verified {
        Ok((genesis, summary)) => {
            let (genesis, summary) = (Box::new(genesis), Box::new(summary));
            Ok(Report::GoodChain { genesis, summary, from: arguments.from, took })
        }
        Err(VerifyError::Fault(fault)) => Ok(Report::BadChain(fault)),
        Err(VerifyError::ForeignGenesis { expected, found }) => Ok(Report::ForeignChain { expected, found }),
        Err(VerifyError::OtherState { expected, found }) => Ok(Report::OtherState { expected, found }),
        Err(error) => Err(error.into()),
    }
}
