//! What the chain adds up to, as plainly as it can be written: one record after the other, one block after the other.

use anyhow::{Context, Result, bail, ensure};
use qoin_core::{
    address::Address, api::blocks::BlockView, coinbase::Coinbase, genesis::Genesis, hash::BlockHash, header::Header,
    log::LogRecord, merkle, payment_id::PaymentId, transaction::Operation,
};
use std::collections::{BTreeMap, HashMap};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Books {
    system: Address,
    log: Vec<LogRecord>,
    chain: Vec<BlockView>,
    accounts: BTreeMap<Address, Account>,
    numbers: HashMap<(Address, PaymentId), u64>,
    issued: u64,
    tip: BlockHash,
    sealed: usize,
}

/// An account, with its movements oldest first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Account {
    pub balance: u64,
    pub outgoing: u64,
    pub incoming: u64,
    /// Numbers of log records.
    pub records: Vec<u64>,
    /// Heights of blocks whose reward it paid or got.
    pub rewards: Vec<u32>,
}

impl Books {
    pub fn new(genesis: &Genesis) -> Self {
        let system = genesis.system_address();
        let issued = genesis.genesis_amount.units();
        Self {
            system,
            log: Vec::new(),
            chain: Vec::new(),
            accounts: BTreeMap::from([(system, Account { balance: issued, ..Account::default() })]),
            numbers: HashMap::new(),
            issued,
            tip: genesis.as_previous_block(),
            sealed: 0,
        }
    }

    pub fn records(&self) -> u64 {
        self.log.len() as u64
    }

    pub fn blocks(&self) -> u32 {
        u32::try_from(self.chain.len()).expect("few blocks")
    }

    /// How many records are sealed.
    pub fn sealed(&self) -> u64 {
        self.sealed as u64
    }

    pub fn issued(&self) -> u64 {
        self.issued
    }

    pub fn system(&self) -> &Account {
        &self.accounts[&self.system]
    }

    pub fn account(&self, address: &Address) -> Option<&Account> {
        self.accounts.get(address)
    }

    pub fn record(&self, number: u64) -> Option<&LogRecord> {
        self.log.get(usize::try_from(number).ok()?)
    }

    pub fn block(&self, height: u32) -> Option<&BlockView> {
        self.chain.get(usize::try_from(height.checked_sub(1)?).ok()?)
    }

    /// The block that seals a record.
    pub fn height_of(&self, number: u64) -> Option<u32> {
        let index = self.chain.partition_point(|block| block.first + u64::from(block.count) <= number);
        self.chain.get(index).map(|block| block.height)
    }

    /// Where a payment stands in the log.
    pub fn number_of(&self, signer: Address, id: PaymentId) -> Option<u64> {
        self.numbers.get(&(signer, id)).copied()
    }

    /// Takes the log's next record.
    pub fn add_record(&mut self, record: LogRecord) -> Result<()> {
        let number = self.records();
        ensure!(record.number == number, "record {} stands at the place of record {number}", record.number);
        let before_us = self.log.last().map_or(0, |last| last.accepted_us);
        ensure!(record.accepted_us > before_us, "record {number} was accepted before the one before it");
        let transaction = &record.signed.transaction;
        let signer = transaction.signer;
        if let Some(first) = self.numbers.insert((signer, transaction.payment_id), number) {
            bail!("payment {} of {signer} was made twice: by record {first} and by {number}", transaction.payment_id);
        }
        match &transaction.operation {
            Operation::OpenAccount { .. } => {
                let opened = self.accounts.insert(signer, Account::default());
                ensure!(opened.is_none(), "record {number} opens {signer} again");
            }
            Operation::Transfer { to, amount } => {
                let payer = self.open(&signer)?;
                payer.outgoing += amount.units();
                ensure!(payer.outgoing <= payer.balance, "record {number} spends what {signer} does not have");
                let payee = self.open(to)?;
                payee.incoming += amount.units();
                payee.records.push(number);
            }
            other => bail!("record {number} is {other:?}, which nobody asked for"),
        }
        self.open(&signer)?.records.push(number);
        self.log.push(record);
        Ok(())
    }

    /// Takes the chain's next block, whose records are in the log.
    pub fn add_block(&mut self, block: BlockView) -> Result<()> {
        let height = self.blocks() + 1;
        let header = Header::from_bytes(&block.header.0);
        ensure!(block.height == height && block.hash == header.hash(), "block {height} is not at its place");
        ensure!(header.previous == self.tip, "block {height} does not follow the one before");
        ensure!(block.first == self.sealed as u64, "block {height} does not go on with the log");
        ensure!(header.bits.expand()?.is_met_by(&block.hash), "block {height} is not solved");
        let end = self.sealed + block.count as usize;
        let run = self.log.get(self.sealed..end).with_context(|| format!("block {height} seals what is not there"))?;
        let coinbase = Coinbase::from_bytes(&hex::decode(&block.coinbase)?)?;
        let leaves: Vec<_> = std::iter::once(coinbase.hash()).chain(run.iter().map(LogRecord::leaf)).collect();
        ensure!(merkle::root(&leaves) == header.merkle_root, "block {height} seals other records than the log's");
        ensure!((coinbase.reward, coinbase.rewarded) == (block.reward, block.rewarded), "block {height} is told wrong");
        let run = run.to_vec();
        for record in run {
            let Operation::Transfer { to, amount } = record.signed.transaction.operation else { continue };
            let payer = self.open(&record.signed.transaction.signer)?;
            payer.balance -= amount.units();
            payer.outgoing -= amount.units();
            let payee = self.open(&to)?;
            payee.balance += amount.units();
            payee.incoming -= amount.units();
        }
        if let Some(rewarded) = block.rewarded {
            let system = self.system;
            for (address, gain) in [(system, -1), (rewarded, 1)] {
                let account = self.open(&address)?;
                let balance = i128::from(account.balance) + gain * i128::from(block.reward.units());
                account.balance = u64::try_from(balance).context("a reward that nobody has")?;
                account.rewards.push(height);
            }
        }
        self.sealed = end;
        self.tip = block.hash;
        self.chain.push(block);
        Ok(())
    }

    fn open(&mut self, address: &Address) -> Result<&mut Account> {
        self.accounts.get_mut(address).with_context(|| format!("{address} has no account"))
    }
}
