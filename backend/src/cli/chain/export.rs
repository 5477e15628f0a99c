//! `qoin export`: a chain into a file, to be handed on.

use super::report::thousands;
use super::source::{self, SourceArguments};
use anyhow::{Context, Result, anyhow};
use qoin_core::chain_file::{End, Item, ItemReader};
use std::fs::File;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

/// How much is read at once, in bytes.
const READ_BYTES: usize = 256 * 1024;

/// What `qoin export` can be told.
#[derive(Debug, clap::Args)]
pub struct ExportArguments {
    /// The file to write; it must not be there yet.
    file: PathBuf,
    #[command(flatten)]
    source: SourceArguments,
}

/// `qoin export`. It sees to it that the file is whole, and leaves the rules to `qoin verify`.
pub fn export(arguments: &ExportArguments) -> Result<()> {
    let path = &arguments.file;
    let mut chain = source::open(&arguments.source)?;
    let mut file = File::create_new(path).with_context(|| format!("making {}", path.display()))?;
    let written = write(&mut *chain.bytes, &mut file, path);
    drop(file);
    if written.is_err() {
        // Half a chain would only be in the way; why it is half is told.
        drop(std::fs::remove_file(path));
    }
    let End { blocks, records } = written?;
    let file = path.display();
    println!("{file} holds {} blocks and {} transactions.", thousands(u64::from(blocks)), thousands(records));
    println!("Check it with: qoin verify --file {file}");
    Ok(())
}

fn write(chain: &mut dyn Read, file: &mut File, path: &Path) -> Result<End> {
    let writing = || format!("writing {}", path.display());
    let (mut items, mut end) = (ItemReader::default(), End::default());
    let mut buffer = vec![0; READ_BYTES];
    loop {
        let count = chain.read(&mut buffer).context("reading the chain")?;
        if count == 0 {
            break;
        }
        file.write_all(&buffer[..count]).with_context(writing)?;
        items.push(&buffer[..count]);
        while let Some(item) = items.next_item()? {
            if let Item::End(found) = item {
                end = found;
            }
        }
    }
    items.finish().map_err(|fault| anyhow!("the chain did not come whole: {fault}"))?;
    file.sync_all().with_context(writing)?;
    Ok(end)
}
