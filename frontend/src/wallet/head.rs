//! The chain's end as this wallet last saw it: a leader that shows another history since is noticed.
//!
//! It stands in the browser's local storage, one for each own address, and is no secret. Once an alarm is raised nothing
//! newer is remembered until the member has seen it, so that a reload raises it again.

use super::{COMPARED_MS, Failure, WalletContext, position, storage};
use crate::api;
use leptos::{prelude::*, task::spawn_local};
use qoin_core::{
    api::{account::AccountView, currency::CurrencyView},
    hash::{BlockHash, GenesisHash},
    header::Header,
    restore_notice::RestoreNotice,
};

/// An end of the chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Head {
    genesis: GenesisHash,
    height: u32,
    hash: BlockHash,
    /// How many log records there are, sealed or not.
    records: u64,
}

/// The leader shows a history that does not go on from what this wallet saw.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rewritten {
    /// The height that this wallet saw last.
    pub seen: u32,
    /// What the leader says of it.
    pub why: Why,
}

/// What the leader says of a history that was rewritten.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Why {
    /// Nothing that would explain it.
    Unexplained,
    /// That it was restored from a backup, in a notice that the system key has not signed.
    Forged,
    /// That it was restored from a backup, under the system key's signature.
    Restored(RestoreNotice),
}

impl Head {
    fn of(account: &AccountView, currency: &CurrencyView) -> Self {
        let (records, _) = position::parts(&account.position).unwrap_or_default();
        Self { genesis: currency.genesis_hash, height: account.tip.height, hash: account.tip.hash, records }
    }

    fn is_behind(&self, seen: &Self) -> bool {
        self.height < seen.height || self.records < seen.records
    }

    fn from_text(text: &str) -> Option<Self> {
        let mut parts = text.split(' ');
        Some(Self {
            genesis: parts.next()?.parse().ok()?,
            height: parts.next()?.parse().ok()?,
            hash: parts.next()?.parse().ok()?,
            records: parts.next()?.parse().ok()?,
        })
    }

    fn to_text(self) -> String {
        format!("{} {} {} {}", self.genesis, self.height, self.hash, self.records)
    }
}

impl WalletContext {
    /// Tells that the history which this wallet saw was rewritten.
    pub fn rewritten(&self) -> Option<Rewritten> {
        self.rewritten.get()
    }

    /// The member has seen the alarm: goes on from the history that the leader shows now.
    pub fn accept_history(&self) {
        if let Some(now) = self.head_now() {
            self.remember(now);
        }
        self.rewritten.set(None);
    }

    /// A block came: looks whether the history goes on from what was seen, unless that was just done.
    pub(super) fn watch_history(self) {
        let since_ms = js_sys::Date::now() - self.inner.with_value(|inner| inner.looked_ms);
        if since_ms.abs() > COMPARED_MS {
            self.look_back();
        }
    }

    /// Looks whether the history goes on from what was seen.
    pub(super) fn look_back(self) {
        self.inner.update_value(|inner| inner.looked_ms = js_sys::Date::now());
        // Without an answer the next look tells.
        spawn_local(async move { drop(self.compare_history().await) });
    }

    /// Remembers the end of a history that goes on from what was seen, or raises the alarm.
    async fn compare_history(self) -> Result<(), Failure> {
        let turn = self.turn();
        let Some(seen) = self.head_name().and_then(|name| storage::read(&name)) else {
            self.head_now().into_iter().for_each(|now| self.remember(now));
            return Ok(());
        };
        let (Some(seen), Some(mut now)) = (Head::from_text(&seen), self.head_now()) else { return Ok(()) };
        let currency = self.learn_currency().await?;
        if now.is_behind(&seen) {
            // Another tab may have seen more than this one so far: what the leader says now is what counts.
            now = Head::of(&self.heed(api::account().await)?, &currency);
        }
        let goes_on = goes_on(&seen, &now).await?;
        let why = if goes_on { None } else { Some(explain(&seen, &currency).await?) };
        if self.turn() == turn {
            match why {
                None if self.rewritten.with_untracked(Option::is_none) => self.remember(now),
                None => {}
                Some(why) => self.rewritten.set(Some(Rewritten { seen: seen.height, why })),
            }
        }
        Ok(())
    }

    fn head_now(&self) -> Option<Head> {
        let account = self.account.get_untracked()?;
        self.currency.with_untracked(|currency| Some(Head::of(&account, currency.as_ref()?)))
    }

    fn remember(&self, head: Head) {
        if let Some(name) = self.head_name() {
            storage::write(&name, &head.to_text());
        }
    }

    /// Under which name the head is stored.
    fn head_name(&self) -> Option<String> {
        self.own_name("head")
    }
}

/// Whether the chain that the leader shows leads from one head to the other.
async fn goes_on(seen: &Head, now: &Head) -> Result<bool, Failure> {
    if now.genesis != seen.genesis || now.is_behind(seen) {
        return Ok(false);
    }
    let (mut height, mut hash) = (seen.height, seen.hash);
    while height < now.height {
        let headers = api::headers(height + 1).await?.headers;
        if headers.is_empty() {
            return Ok(false);
        }
        for bytes in headers.iter().take((now.height - height) as usize) {
            let header = Header::from_bytes(&bytes.0);
            if header.previous != hash {
                return Ok(false);
            }
            (height, hash) = (height + 1, header.hash());
        }
    }
    Ok(hash == now.hash)
}

/// What the leader says to someone who saw more than it shows.
async fn explain(seen: &Head, currency: &CurrencyView) -> Result<Why, Failure> {
    // The system key is the one of the currency that was seen, whatever the leader says now.
    let is_same = currency.genesis.hash() == seen.genesis;
    let mut why = Why::Unexplained;
    for signed in api::restores().await?.notices {
        if signed.notice.explains(seen.height, seen.records) {
            if is_same && signed.is_by(&currency.genesis.system_key, &seen.genesis) {
                return Ok(Why::Restored(signed.notice));
            }
            why = Why::Forged;
        }
    }
    Ok(why)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_is_read_back_and_knows_whether_it_is_behind() {
        let head = Head {
            genesis: GenesisHash::from_bytes([1; 32]),
            height: 7,
            hash: BlockHash::from_bytes([2; 32]),
            records: 90,
        };
        assert_eq!(Head::from_text(&head.to_text()), Some(head));
        assert_eq!(Head::from_text("half a"), None);
        assert!(!head.is_behind(&head));
        assert!(head.is_behind(&Head { height: 8, ..head }));
        assert!(head.is_behind(&Head { records: 91, ..head }));
        assert!(!head.is_behind(&Head { records: 89, height: 6, ..head }));
    }
}
