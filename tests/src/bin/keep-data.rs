//! Writes a data folder of the store's present format into tests/vectors, for later releases to open: a small town with
//! a bit of everything. Run it once for each format, with the code that writes it, before the next one comes:
//! `cargo build --package qoin --package qoin-miner --bins && cargo run --package qoin-tests --bin keep-data`.

use anyhow::{Result, ensure};
use qoin_core::api::services::{DeclareService, SERVICES_PATH, ServiceDeclared, ServiceRole};
use qoin_core::memo::Memo;
use qoin_core::transaction::Operation;
use qoin_tests::kept::{self, Content, Person};
use qoin_tests::{Leader, Member, Miner, member::random, member::units, wait};

const PASSWORDS: [&str; 3] = ["a long and good password", "another long password", "a curious long password"];

#[tokio::main]
async fn main() -> Result<()> {
    let into = kept::vectors().join(format!("data-format-{}", qoin::store::FORMAT));
    ensure!(!into.exists(), "{} is there already: what is kept stays as it is", into.display());
    let mut leader = Leader::start_with(&["--set", "currency_name=Acorn", "--set", "currency_symbol=A"])?;
    let administrator = leader.administrator().await?;
    let ada = administrator.invite("Ada", PASSWORDS[0]).await?;
    let bob = administrator.invite("Bob", PASSWORDS[1]).await?;
    let eve = administrator.create("Eve", "the first password", PASSWORDS[2]).await?;
    let declared: ServiceDeclared = bob.api.post(SERVICES_PATH, &DeclareService { role: ServiceRole::Miner }).await?;
    let mut miner = Miner::of(leader.stratum(), &bob.email, &declared.key)?;
    live(&administrator, [&ada, &bob, &eve]).await?;
    miner.stop()?;

    // What waits when the leader stops.
    ada.pay(bob.address, units("0.75")).await?;
    let memo = Memo::new("for the bread", random())?;
    eve.submit(&eve.transfer(ada.address, units("2"), eve.new_payment_id().await?, Some(memo))).await?;
    administrator.credit(eve.address, units("3.33")).await?;

    let mut people = vec![Person { email: administrator.email.clone(), password: leader.password().to_owned() }];
    for (member, password) in [&ada, &bob, &eve].into_iter().zip(PASSWORDS) {
        people.push(Person { email: member.email.clone(), password: password.to_owned() });
    }
    let seen = kept::see(&leader, &people).await?;
    leader.stop()?;
    let content = Content {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        people,
        service_owner: bob.email.clone(),
        service_key: declared.key,
        state_hash: kept::state_hash(leader.data())?,
        seen,
    };
    kept::pack(leader.data(), &into, &content)?;
    println!("wrote {}", into.display());
    Ok(())
}

/// A few blocks of people paying each other.
async fn live(administrator: &Member, [ada, bob, eve]: [&Member; 3]) -> Result<()> {
    for (member, amount) in [(ada, "100"), (bob, "50"), (eve, "1000")] {
        administrator.credit(member.address, units(amount)).await?;
    }
    sealed(administrator).await?;
    let not_recoverable = Operation::SetRecoverable { recoverable: false };
    bob.submit(&bob.submission(not_recoverable, bob.new_payment_id().await?, None)).await?;
    for round in 1..=4 {
        let memo = Memo::new(format!("Merci \u{e0} toi, {round} \u{2615}"), random())?;
        ada.submit(&ada.transfer(bob.address, units("1.50"), ada.new_payment_id().await?, Some(memo))).await?;
        eve.pay(ada.address, units("20.01")).await?;
        bob.pay(eve.address, units("0.01")).await?;
        sealed(administrator).await?;
    }
    Ok(())
}

/// Waits until a block has sealed everything.
async fn sealed(administrator: &Member) -> Result<()> {
    // A payment to the administrator, behind all others in the log, shows when that is so.
    administrator.credit(administrator.address, units("0.01")).await?;
    wait::until("everything in a block", async || {
        let movements = administrator.history().await?;
        Ok(movements.iter().all(|movement| movement.block.is_some()).then_some(()))
    })
    .await
}
