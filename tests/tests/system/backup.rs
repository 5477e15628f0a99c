//! Backups of a leader at work, what is restored from them, and what the leader says of it.

use super::Town;
use anyhow::{Context, Result, anyhow};
use qoin::leader::keys::DataFolder;
use qoin::ledger::{self, Ledger};
use qoin::store::{RedbStore, Store};
use qoin_core::api::currency::{CURRENCY_PATH, CurrencyView};
use qoin_core::api::restores::{RESTORES_PATH, RestoresView};
use qoin_core::hash::StateHash;
use qoin_core::ledger::{Command, State};
use qoin_core::log::LogRecord;
use qoin_core::transaction::Operation;
use qoin_tests::process::run;
use qoin_tests::{Leader, Miner, kept, member::units, wait};
use serde_json::Value;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};

const PAYERS: usize = 4;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_under_payments_and_mining_is_the_ledger_at_one_moment() -> Result<()> {
    let mut town = Town::found().await?;
    let place = tempfile::tempdir()?;
    let file = place.path().join("town.backup");
    let mut miner = Miner::anonymous(town.leader.stratum())?;
    let (acknowledged, over) = (AtomicU64::new(0), AtomicBool::new(false));
    let payers = futures_util::future::try_join_all((0..PAYERS).map(|_| pay_on(&town, &acknowledged, &over)));
    let backup = async {
        // In the middle of it: what was acknowledged by then is in the backup, and more comes while it is made.
        wait::until("payments and a block", async || {
            let height = town.ada.account().await?.tip.height;
            Ok((height > 2 && acknowledged.load(Relaxed) > 100).then_some(()))
        })
        .await?;
        let last = town.ada.pay(town.bob.address, units("0.01")).await?;
        let made = back_up(town.leader.data(), &file, &[])?;
        let after = acknowledged.load(Relaxed);
        wait::until("payments after it", async || Ok((acknowledged.load(Relaxed) > after + 20).then_some(()))).await?;
        over.store(true, Relaxed);
        Ok((last.number, made))
    };
    let (_, (last, made)) = tokio::try_join!(payers, backup)?;
    miner.stop()?;
    town.leader.stop()?;
    let (height, records) = (number(&made, "height")?, number(&made, "records")?);
    assert!(last < records, "payment {last} was acknowledged before the backup of {records} began");

    let restored = tempfile::tempdir()?;
    let told = restore(&file, restored.path())?;
    let hash = kept::state_hash(restored.path())?;
    assert!(told.contains(&hash.to_string()), "{told}");
    let (original, copy) = (open(town.leader.data())?, open(restored.path())?);
    let (original, copy) = (original.read(), copy.read());
    assert!(original.position().records > records, "payments came while and after the backup was made");
    assert_eq!((copy.position().records, copy.tip().height), (records, u32::try_from(height)?));
    for height in 1..=copy.tip().height {
        assert_eq!(copy.block(height)?, original.block(height)?, "block {height}");
    }
    for number in 0..records {
        assert_eq!(copy.record(number)?, original.record(number)?, "record {number}");
    }
    assert_eq!(hash, replay(original, copy.tip().height, records)?);
    Ok(())
}

/// Ada pays Bob until it is over.
async fn pay_on(town: &Town, acknowledged: &AtomicU64, over: &AtomicBool) -> Result<()> {
    while !over.load(Relaxed) {
        town.ada.pay(town.bob.address, units("0.01")).await?;
        acknowledged.fetch_add(1, Relaxed);
    }
    Ok(())
}

fn open(data: &Path) -> Result<Ledger> {
    let folder = DataFolder::open(data)?;
    let store = Arc::new(RedbStore::open(folder.ledger())?);
    let summary = ledger::summary(&*store.snapshot()?)?.context("a currency")?;
    Ok(Ledger::open(store, summary.genesis, folder.ledger_keys()?, ledger::Settings::default())?.0)
}

/// The digest of the state to which the chain leads up to this block and so many records of the log.
fn replay(chain: &ledger::Reader, height: u32, records: u64) -> Result<StateHash> {
    let genesis = ledger::summary(&*chain.snapshot()?)?.context("a currency")?.genesis;
    let mut state = State::new(genesis);
    for height in 1..=height {
        let block = chain.block(height)?.context("each block is there")?;
        accept_up_to(&mut state, chain, block.end())?;
        let checked = block.block.check(&state)?;
        state.apply(Command::Seal(Box::new(checked)))?;
    }
    accept_up_to(&mut state, chain, records)?;
    Ok(state.hash())
}

fn accept_up_to(state: &mut State, chain: &ledger::Reader, end: u64) -> Result<()> {
    while state.next_number() < end {
        let LogRecord { accepted_us, signed, .. } =
            chain.record(state.next_number())?.context("each record is there")?.record;
        let key = match signed.transaction.operation {
            Operation::OpenAccount { public_key } => public_key,
            _ => state.account(&signed.transaction.signer).context("an open account")?.key_at(accepted_us),
        };
        let transaction = signed.verify(&key, &state.genesis_hash())?;
        state.apply(Command::Replay { accepted_us, transaction })?;
    }
    Ok(())
}

#[tokio::test]
async fn what_is_restored_goes_on_and_the_leader_signs_what_happened() -> Result<()> {
    let mut town = Town::found().await?;
    let place = tempfile::tempdir()?;
    let file = place.path().join("town.backup");
    let before = town.snapshot().await?;
    let made = back_up(town.leader.data(), &file, &[])?;
    let lost = town.ada.transfer(town.bob.address, units("7"), town.ada.new_payment_id().await?, None);
    town.ada.submit(&lost).await?;
    town.seal_everything().await?;
    town.leader.stop()?;

    let data = tempfile::tempdir()?;
    restore(&file, data.path())?;
    town.leader = Leader::start_on(data, town.leader.password())?;
    let api = town.leader.api();
    for member in [&mut town.administrator, &mut town.ada, &mut town.bob] {
        // The sessions were in the backup, too.
        member.api = api.with_token(member.api.token().context("signed in")?);
    }
    assert_eq!(town.snapshot().await?, before);
    let currency: CurrencyView = api.get(CURRENCY_PATH).await?;
    let RestoresView { notices } = town.ada.api.get(RESTORES_PATH).await?;
    let [notice] = &notices[..] else { return Err(anyhow!("one restoration, not {notices:?}")) };
    assert!(notice.is_by(&currency.genesis.system_key, &currency.genesis_hash));
    let tip = town.ada.account().await?.tip;
    assert_eq!((notice.notice.height, notice.notice.hash), (tip.height, tip.hash));
    assert_eq!(notice.notice.backup_ms, number(&made, "made_ms")?);
    assert!(notice.notice.restored_ms >= notice.notice.backup_ms);

    // The payment that is lost is new when its wallet sends it again.
    town.ada.submit(&lost).await?;
    town.seal_everything().await?;
    assert_eq!(town.ada.account().await?.balance, units("93"));
    town.assert_money_is_conserved().await
}

#[tokio::test]
async fn a_leader_that_was_killed_is_backed_up_from_its_data() -> Result<()> {
    let mut leader = Leader::start()?;
    let place = tempfile::tempdir()?;
    let file = place.path().join("a.backup");
    let announced = leader.data().join("operator.json");
    assert!(announced.exists());
    leader.kill()?;
    assert!(announced.exists(), "it had no time to take its announcement back");
    back_up(leader.data(), &file, &[])?;

    leader.start_again()?;
    let refused = back_up(leader.data(), &file, &[]).unwrap_err().to_string();
    assert!(refused.contains("is there already"), "{refused}");
    let without = back_up(leader.data(), &file, &["--force", "--without-keys"])?;
    assert_eq!(without["keys"], false);
    leader.stop()?;
    assert!(!announced.exists(), "stopped, it takes its announcement back");
    assert_eq!(std::fs::read_dir(place.path())?.count(), 1, "nothing is left beside");
    #[cfg(unix)]
    assert_eq!(std::os::unix::fs::PermissionsExt::mode(&file.metadata()?.permissions()) & 0o777, 0o600);

    let nothing = back_up(place.path(), &place.path().join("b.backup"), &[]).unwrap_err().to_string();
    assert!(nothing.contains("holds no ledger"), "{nothing}");
    let verified = run("qoin", &["backup", "--verify", text(&file)?])?.map_err(|error| anyhow!(error))?;
    assert!(verified.contains("is whole") && verified.contains("NOT in it"), "{verified}");
    std::fs::OpenOptions::new().write(true).open(&file)?.set_len(file.metadata()?.len() - 1)?;
    let refused = run("qoin", &["backup", "--verify", text(&file)?])?.unwrap_err();
    assert!(refused.contains("cut off"), "{refused}");
    Ok(())
}

#[test]
fn data_of_an_earlier_format_is_backed_up_and_restored_as_it_was() -> Result<()> {
    for (format, kept) in kept::folders()? {
        let (data, content) = kept::unpack(&kept)?;
        let place = tempfile::tempdir()?;
        let (file, restored) = (place.path().join("kept.backup"), place.path().join("restored"));
        back_up(data.path(), &file, &[])?;
        restore(&file, &restored)?;
        assert_eq!(kept::state_hash(&restored)?, content.state_hash, "format {format}");
    }
    Ok(())
}

/// `qoin backup` of this data folder; what it tells of it.
fn back_up(data: &Path, file: &Path, flags: &[&str]) -> Result<Value> {
    let arguments = [&["backup", text(file)?, "--data", text(data)?, "--json"], flags].concat();
    let told = run("qoin", &arguments)?.map_err(|error| anyhow!(error))?;
    serde_json::from_str(&told).with_context(|| told.clone())
}

/// `qoin restore`; what it tells.
fn restore(file: &Path, data: &Path) -> Result<String> {
    run("qoin", &["restore", text(file)?, "--data", text(data)?])?.map_err(|error| anyhow!(error))
}

fn number(told: &Value, name: &str) -> Result<u64> {
    told[name].as_u64().with_context(|| format!("{name} in {told}"))
}

fn text(path: &Path) -> Result<&str> {
    path.to_str().context("a path in UTF-8")
}
