//! Where a chain is taken from: a data folder, a running leader, or a file.

use super::leader_api::LeaderApi;
use anyhow::{Context, Result};
use qoin::ledger::{Export, StoreError, state_hash};
use qoin::store::RedbReader;
use qoin_core::api::chain::{CHAIN_PATH, CHAIN_RECORDS_HEADER};
use qoin_core::hash::StateHash;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

/// Where to take a chain from.
#[derive(Debug, clap::Args)]
pub struct SourceArguments {
    /// The data folder of a leader that is not running; nothing in it is changed.
    #[arg(long, value_name = "DIR", default_value = ".qoin", conflicts_with = "url")]
    data: PathBuf,
    /// The address of a running leader's API, like http://127.0.0.1:5002. The token of a session is taken from the
    /// variable QOIN_TOKEN or from --token-file; else --email signs in.
    #[arg(long, value_name = "URL")]
    url: Option<String>,
    /// A member's e-mail address, to sign in with. The password is taken from the variable QOIN_PASSWORD, or asked for.
    #[arg(long, value_name = "ADDRESS", requires = "url")]
    email: Option<String>,
    /// A file that holds a session's token.
    #[arg(long, value_name = "FILE", requires = "url", conflicts_with = "email")]
    token_file: Option<PathBuf>,
    /// For an https address: a PEM file with the certificates of the authorities that vouch for it. Without it those count
    /// that this host trusts.
    #[arg(long, value_name = "FILE", requires = "url")]
    authorities: Option<PathBuf>,
}

/// A chain's bytes, and how many are to come.
pub struct Chain {
    /// The bytes, in the form of a chain file.
    pub bytes: Box<dyn Read + Send>,
    /// How much there is.
    pub total: Total,
    /// The digest of the ledger that the leader keeps beside the chain.
    pub state: Option<StateHash>,
}

/// How much there is to read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Total {
    /// So many bytes.
    Bytes(u64),
    /// So many log records.
    Records(u64),
    /// Nobody said.
    Unknown,
}

/// Opens the chain that the command line names.
pub fn open(arguments: &SourceArguments) -> Result<Chain> {
    match &arguments.url {
        Some(url) => open_url(url, arguments),
        None => open_data(&arguments.data),
    }
}

/// Opens a file.
pub fn open_file(path: &Path) -> Result<Chain> {
    let opened = File::open(path).and_then(|file| Ok((file.metadata()?, file)));
    let (metadata, file) = opened.with_context(|| format!("opening {}", path.display()))?;
    let total = if metadata.is_file() { Total::Bytes(metadata.len()) } else { Total::Unknown };
    Ok(Chain { bytes: Box::new(file), total, state: None })
}

fn open_data(folder: &Path) -> Result<Chain> {
    let store = RedbReader::open(folder.join("ledger.redb")).map_err(|error| match &error {
        StoreError::Locked { .. } => anyhow::Error::new(error)
            .context("a running leader has this data folder open: name its API with --url instead, or stop it"),
        StoreError::Io { source, .. } if source.kind() == io::ErrorKind::NotFound => anyhow::anyhow!(
            "there is no ledger in {}: name a leader's data folder with --data, or its API with --url",
            folder.display()
        ),
        _ => error.into(),
    })?;
    let state = Some(state_hash(&*store.snapshot()?)?);
    let export = Export::of_store(store)?;
    let total = Total::Records(export.end().records);
    let pieces = export.map(|piece| piece.map_err(io::Error::other));
    Ok(Chain { bytes: Box::new(Pieces::of(pieces)), total, state })
}

fn open_url(url: &str, arguments: &SourceArguments) -> Result<Chain> {
    let mut leader = LeaderApi::at(url, arguments.authorities.as_deref())?;
    match (token(arguments)?, &arguments.email) {
        (Some(token), _) => leader.show_token(token),
        (None, Some(email)) => leader.sign_in(email)?,
        (None, None) => anyhow::bail!(
            "the chain is open to members only: name one with --email, or give a session's token by QOIN_TOKEN or --token-file"
        ),
    }
    let answer = leader.download(CHAIN_PATH)?;
    let records = answer.header(CHAIN_RECORDS_HEADER).and_then(|records| records.parse().ok());
    Ok(Chain {
        bytes: Box::new(Pieces::of(answer)),
        total: records.map_or(Total::Unknown, Total::Records),
        state: None,
    })
}

fn token(arguments: &SourceArguments) -> Result<Option<String>> {
    if let Some(path) = &arguments.token_file {
        let token = std::fs::read_to_string(path).with_context(|| format!("reading {}", path.display()))?;
        return Ok(Some(token.trim().to_owned()));
    }
    let named = arguments.email.is_some();
    Ok(std::env::var("QOIN_TOKEN").ok().filter(|token| !named && !token.is_empty()))
}

/// Pieces of bytes, read as one.
struct Pieces<I, P> {
    pieces: I,
    current: io::Cursor<P>,
}

impl<I, P: Default> Pieces<I, P> {
    fn of(pieces: I) -> Self {
        Self { pieces, current: io::Cursor::default() }
    }
}

impl<I: Iterator<Item = io::Result<P>>, P: AsRef<[u8]>> Read for Pieces<I, P> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let count = self.current.read(buffer)?;
            if count > 0 || buffer.is_empty() {
                return Ok(count);
            }
            match self.pieces.next() {
                Some(piece) => self.current = io::Cursor::new(piece?),
                None => return Ok(0),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_of_any_size_are_read_as_one() {
        let pieces = ["", "ab", "", "cde"].map(|piece| Ok(piece.as_bytes().to_vec()));
        let mut text = String::new();
        Pieces::of(pieces.into_iter()).read_to_string(&mut text).unwrap();
        assert_eq!(text, "abcde");
        let broken = [Ok(b"ab".to_vec()), Err(io::Error::other("gone"))];
        assert_eq!(Pieces::of(broken.into_iter()).read_to_end(&mut Vec::new()).unwrap_err().to_string(), "gone");
    }
}
