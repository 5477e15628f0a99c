//! `qoin backup` and `qoin restore`.

use super::operator::{FolderArguments, date};
use anyhow::{Context, Result, bail};
use qoin::backup::{
    self, BackupError, Description, OfflineError, Report, Restored, UnfinishedFile, now_ms, write_offline,
};
use qoin::leader::keys::DataFolder;
use qoin::operator::{ClientError, OperatorClient};
use qoin::store::StoreError;
use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

#[derive(Debug, clap::Args)]
pub struct BackupArguments {
    /// The backup's file.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    #[command(flatten)]
    folder: FolderArguments,
    /// Makes no backup, but reads one and holds every byte of it against the hashes in it.
    #[arg(long, conflicts_with_all = ["data", "config", "without_keys", "force"])]
    verify: bool,
    /// Leaves the keys out. They must then be kept elsewhere: without them the data is of no use.
    #[arg(long)]
    without_keys: bool,
    /// Replaces the file if it is there already.
    #[arg(long)]
    force: bool,
    /// Tells what is in the backup as one line of JSON.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, clap::Args)]
pub struct RestoreArguments {
    /// The backup's file.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// The data folder to make; it must be empty or not there.
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
}

/// `qoin backup`.
pub fn back_up(arguments: &BackupArguments) -> Result<()> {
    let BackupArguments { file: path, verify, .. } = arguments;
    if *verify {
        let report = backup::verify(path).with_context(|| path.display().to_string())?;
        return tell(arguments, &report, "is whole");
    }
    let data = arguments.folder.data()?;
    let mut file = UnfinishedFile::begin(path, arguments.force)?;
    make(&data, !arguments.without_keys, file.file())?;
    // Read back before it gets its name: what came over the wire or went to the disk may have been cut off.
    let report = backup::verify(file.part()).context("the backup that was just written cannot be used")?;
    file.finish()?;
    tell(arguments, &report, "was written")
}

/// Has the running leader make a backup, or makes one of data that no leader uses.
fn make(data: &Path, with_keys: bool, out: &mut File) -> Result<()> {
    let mut out = BufWriter::with_capacity(1 << 18, out);
    if let Some(leader) = OperatorClient::of(&DataFolder::at(data))? {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        match runtime.context("starting the runtime")?.block_on(leader.back_up(with_keys, &mut out)) {
            // From a run that was killed: the data is not in use, or the store will say so.
            Err(ClientError::Gone(_)) => {}
            made => return Ok(made.map(|()| out.flush())??),
        }
    }
    match write_offline(data, with_keys, now_ms(), &mut out) {
        Err(OfflineError::Failed(BackupError::Store(StoreError::Locked { .. }))) => bail!(
            "the data in {} is in use, but its leader does not answer here: is it another user's, or of an older version? Stop it, or run this as its user",
            data.display()
        ),
        made => Ok(made?),
    }
}

fn tell(arguments: &BackupArguments, report: &Report, what: &str) -> Result<()> {
    let mut out = std::io::stdout().lock();
    if arguments.json {
        writeln!(out, "{}", serde_json::to_string(report)?)?;
        return Ok(());
    }
    let Description { program, store_format, made_ms, genesis, height, hash, sealed, records, .. } =
        &report.description;
    let path = arguments.file.display();
    writeln!(out, "{path} {what}: {} bytes.", fs::metadata(&arguments.file)?.len())?;
    writeln!(out, "  Currency  {} (genesis {genesis})", report.description.currency)?;
    writeln!(out, "  Made      {} by Qoin {program}, data of format {store_format}", date(*made_ms))?;
    writeln!(out, "  Chain     {height} blocks, the last {hash}")?;
    writeln!(out, "  Log       {records} transactions, {sealed} of them in blocks")?;
    if report.description.keys {
        writeln!(out, "  Keys      in it: whoever has this file can act as the leader. Keep it like the data folder.")?;
    } else {
        writeln!(out, "  Keys      NOT in it: it is of use only together with the data folder's keys.")?;
    }
    Ok(())
}

/// `qoin restore`.
pub fn restore(arguments: &RestoreArguments) -> Result<()> {
    let RestoreArguments { file, data } = arguments;
    let restored = backup::restore(file, data, now_ms()).with_context(|| file.display().to_string())?;
    let Restored { description: Description { currency, height, hash, records, made_ms, keys, .. }, state_hash } =
        restored;
    let (mut out, made) = (std::io::stdout().lock(), date(made_ms));
    writeln!(out, "{} was restored into {}.", file.display(), data.display())?;
    writeln!(out, "  Currency  {currency}")?;
    writeln!(out, "  Chain     {height} blocks, the last {hash}")?;
    writeln!(out, "  Log       {records} transactions")?;
    writeln!(out, "  State     {state_hash}")?;
    writeln!(out, "\nPayments accepted after {made} are lost, and so is everything else that happened since.")?;
    writeln!(
        out,
        "Wallets that saw later blocks will raise an alarm. It will show a notice of this restoration, which"
    )?;
    writeln!(out, "the leader signs with the system key when it starts. Tell your members before they see it.")?;
    if !keys {
        writeln!(
            out,
            "\nThe backup holds no keys: put them into {} before the first start.",
            data.join("keys").display()
        )?;
    }
    Ok(())
}
