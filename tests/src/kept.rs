//! Data folders of earlier releases, kept under `tests/vectors/data-format-N`: what they hold must be there whatever
//! has become of the format since.

use crate::{Leader, Member};
use anyhow::{Context, Result, ensure};
use flate2::{Compression, read::GzDecoder, write::GzEncoder};
use qoin::store::{RedbStore, Store};
use qoin_core::api::{
    blocks::{BLOCKS_PATH, BlocksPage, HEADERS_PATH},
    currency::{CURRENCY_PATH, CurrencyView},
    services::SERVICES_PATH,
    transactions::TRANSACTIONS_PATH,
};
use qoin_core::hash::StateHash;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use tempfile::TempDir;

const LEDGER: &str = "ledger.redb";
const PACKED_LEDGER: &str = "ledger.redb.gz";
const KEYS: &str = "keys";
const CONTENT: &str = "content.json";

/// What a kept folder holds, beside the files themselves.
#[derive(Debug, Serialize, Deserialize)]
pub struct Content {
    /// The version of Qoin that wrote it.
    pub version: String,
    /// Who can sign in; the administrator first.
    pub people: Vec<Person>,
    /// Whose service key it is.
    pub service_owner: String,
    /// The key of that member's miner.
    pub service_key: String,
    /// The digest of the ledger's state.
    pub state_hash: StateHash,
    /// All that the people could see.
    pub seen: Value,
}

/// Someone who can sign in.
#[derive(Debug, Serialize, Deserialize)]
pub struct Person {
    /// The e-mail address.
    pub email: String,
    /// The password.
    pub password: String,
}

/// Where the folders are kept.
pub fn vectors() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("vectors")
}

/// The kept folders, with their store's format.
///
/// # Errors
/// When they cannot be listed.
pub fn folders() -> Result<Vec<(u32, PathBuf)>> {
    let mut folders = Vec::new();
    for entry in fs::read_dir(vectors()).context("listing tests/vectors")? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if let Some(format) = name.strip_prefix("data-format-") {
            folders.push((format.parse().with_context(|| format!("the folder {name}"))?, path));
        }
    }
    folders.sort();
    Ok(folders)
}

/// Keeps a copy of a data folder that no process uses.
///
/// # Errors
/// When it cannot be written.
pub fn pack(data: &Path, into: &Path, content: &Content) -> Result<()> {
    fs::create_dir_all(into.join(KEYS))?;
    let mut packed = GzEncoder::new(File::create(into.join(PACKED_LEDGER))?, Compression::best());
    io::copy(&mut File::open(data.join(LEDGER))?, &mut packed)?;
    packed.finish()?.sync_all()?;
    copy_keys(data, into)?;
    let mut text = serde_json::to_vec_pretty(content)?;
    text.push(b'\n');
    File::create(into.join(CONTENT))?.write_all(&text)?;
    Ok(())
}

/// Unpacks a kept folder to work with.
///
/// # Errors
/// When it cannot be read.
pub fn unpack(kept: &Path) -> Result<(TempDir, Content)> {
    let data = tempfile::tempdir().context("making a temporary folder")?;
    fs::create_dir(data.path().join(KEYS))?;
    copy_keys(kept, data.path())?;
    let packed = File::open(kept.join(PACKED_LEDGER)).with_context(|| format!("opening {}", kept.display()))?;
    io::copy(&mut GzDecoder::new(packed), &mut File::create(data.path().join(LEDGER))?)?;
    let content = serde_json::from_slice(&fs::read(kept.join(CONTENT))?)?;
    Ok((data, content))
}

fn copy_keys(from: &Path, to: &Path) -> Result<()> {
    for entry in fs::read_dir(from.join(KEYS))? {
        let entry = entry?;
        fs::copy(entry.path(), to.join(KEYS).join(entry.file_name()))?;
    }
    Ok(())
}

/// The digest of the state in a data folder that no process uses.
///
/// # Errors
/// When it cannot be opened.
pub fn state_hash(data: &Path) -> Result<StateHash> {
    let store = RedbStore::open(data.join(LEDGER))?;
    Ok(qoin::ledger::state_hash(&*store.snapshot()?)?)
}

/// All that people see of a ledger: the currency, the chain, and each one's account, movements, payments and services.
///
/// # Errors
/// When anything is refused.
pub async fn see(leader: &Leader, people: &[Person]) -> Result<Value> {
    let mut accounts = Map::new();
    let mut chain = Value::Null;
    for person in people {
        let member = Member::sign_in(&leader.api(), &person.email, &person.password).await?;
        if chain.is_null() {
            chain = see_chain(&member).await?;
        }
        accounts.insert(person.email.clone(), see_account(&member).await?);
    }
    Ok(json!({ "chain": chain, "accounts": accounts }))
}

async fn see_chain(member: &Member) -> Result<Value> {
    let currency: CurrencyView = member.api.get(CURRENCY_PATH).await?;
    let mut blocks = Vec::new();
    let mut path = BLOCKS_PATH.to_owned();
    loop {
        let page: BlocksPage = member.api.get(&path).await?;
        blocks.extend(page.blocks);
        let Some(next) = page.next else { break };
        path = format!("{BLOCKS_PATH}?before={next}");
    }
    let headers: Value = member.api.get(HEADERS_PATH).await?;
    Ok(json!({
        "genesis": currency.genesis,
        "genesis_hash": currency.genesis_hash,
        "supply": member.supply().await?,
        "blocks": blocks,
        "headers": headers,
    }))
}

async fn see_account(member: &Member) -> Result<Value> {
    let history = member.history().await?;
    let mut transactions = Vec::new();
    for number in history.iter().filter_map(|movement| movement.number) {
        transactions.push(member.api.get::<Value>(&format!("{TRANSACTIONS_PATH}/{number}")).await?);
    }
    Ok(json!({
        "account": member.account().await?,
        "history": history,
        "transactions": transactions,
        "services": member.api.get::<Value>(SERVICES_PATH).await?,
    }))
}

/// Checks that everything in `kept` is in `now`, too; `now` may hold fields that came later.
///
/// # Errors
/// The first difference, with the way to it.
pub fn compare(kept: &Value, now: &Value, at: &str) -> Result<()> {
    match (kept, now) {
        (Value::Object(kept), Value::Object(now)) => kept
            .iter()
            .try_for_each(|(name, kept)| compare(kept, now.get(name).unwrap_or(&Value::Null), &format!("{at}.{name}"))),
        (Value::Array(kept), Value::Array(now)) => {
            ensure!(kept.len() == now.len(), "{at}: {} were kept, there are {}", kept.len(), now.len());
            let mut pairs = kept.iter().zip(now).enumerate();
            pairs.try_for_each(|(index, (kept, now))| compare(kept, now, &format!("{at}[{index}]")))
        }
        _ => {
            ensure!(kept == now, "{at}: kept was {kept}, now it is {now}");
            Ok(())
        }
    }
}
