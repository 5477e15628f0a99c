//! `qoin key`.

use anyhow::{Context, Result};
use qoin::config::{Configuration, ServerConfig, Source};
use qoin::leader::keys::DataFolder;
use qoin::operator::OperatorClient;
use std::io::Write;
use std::path::PathBuf;

#[derive(Debug, clap::Args)]
pub struct KeyArguments {
    /// The leader's data folder.
    #[arg(long, value_name = "DIR", default_value = ".qoin")]
    data: PathBuf,
    /// The server's configuration file, which names the data folder.
    #[arg(short, long, value_name = "FILE", conflicts_with = "data")]
    config: Option<PathBuf>,
    /// Makes a new key first; scripts that have the one before can do nothing more with it.
    #[arg(long)]
    replace: bool,
    /// Prints the key as one line of JSON.
    #[arg(long)]
    json: bool,
}

/// `qoin key`.
pub fn key(arguments: KeyArguments) -> Result<()> {
    let data = match arguments.config {
        Some(config) => ServerConfig::of(Source::of_file(&config, Vec::new())?)?.host.data,
        None => arguments.data,
    };
    let leader = OperatorClient::of(&DataFolder::at(&data))?;
    let leader =
        leader.with_context(|| format!("no leader runs with the data in {}: start it first", data.display()))?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().context("starting the runtime")?;
    let told = runtime.block_on(leader.master_key(arguments.replace))?;
    let mut out = std::io::stdout().lock();
    if arguments.json {
        writeln!(out, "{}", serde_json::to_string(&told)?)?;
    } else {
        writeln!(out, "{}", told.key)?;
    }
    out.flush().context("writing to standard output")
}
