//! Keeping account and movements as a fresh load would show them.

use super::{Failure, LATEST, Online, Phase, WalletContext, movements::Movements, pause, position::is_current};
use crate::{
    api,
    live::{Delivery, Live},
};
use leptos::{prelude::*, task::spawn_local};
use qoin_core::{
    api::{
        account::{AccountView, HistoryPage},
        blocks::Tip,
        events::Event,
    },
    limits::PAGE_ENTRIES_MAX,
};

/// Movements that one press on "more" adds.
const PAGE: u32 = 50;

impl WalletContext {
    /// Adds the next older page to [`WalletContext::movements`].
    pub async fn load_more(&self) -> Result<(), Failure> {
        let next = self.movements.with_untracked(|held| held.as_ref().and_then(|held| held.next().map(str::to_owned)));
        let Some(before) = next else { return Ok(()) };
        let turn = self.turn();
        let page = self.heed(api::history(Some(&before), PAGE).await)?;
        if self.turn() == turn {
            self.movements.update(|held| held.iter_mut().for_each(|held| held.extend(&before, page.clone())));
        }
        Ok(())
    }

    /// Loads the movements, and the account unless it was just loaded, then listens to all that happens after it.
    pub(super) fn follow(self, account: Option<AccountView>) {
        let turn = self.turn();
        self.online.set(Online::Reconnecting);
        spawn_local(async move {
            let mut attempt = 0;
            while self.turn() == turn {
                match self.load(account.clone()).await {
                    Ok((account, page)) if self.turn() == turn => {
                        let position = account.position.clone();
                        self.account.set(Some(account));
                        self.movements.set(Some(Movements::fresh(page)));
                        let live = Live::open(position, move |delivery| self.take_in(turn, delivery));
                        self.inner.update_value(|inner| inner.live = Some(live));
                        self.look_back();
                        return;
                    }
                    _ => pause::before_try(attempt).await,
                }
                attempt += 1;
            }
        });
    }

    /// The account and then its newest movements, as many as are shown. In this order the account's position is not
    /// later than the movements, so that a stream from there on misses none.
    async fn load(&self, account: Option<AccountView>) -> Result<(AccountView, HistoryPage), Failure> {
        let held = self.movements.with_untracked(|held| held.as_ref().map_or(0, |held| held.list().len()));
        let limit = (held.max(LATEST) as u32).min(PAGE_ENTRIES_MAX);
        let account = match account {
            Some(account) => account,
            None => self.heed(api::account().await)?,
        };
        let page = self.heed(api::history(None, limit).await)?;
        Ok((account, page))
    }

    /// Forgets what was followed, and lets no late answer bring it back.
    pub(super) fn stop_following(&self) {
        let live = self.inner.try_update_value(|inner| {
            inner.turn += 1;
            inner.live.take()
        });
        drop(live);
        self.account.set(None);
        self.movements.set(None);
        self.rewritten.set(None);
    }

    /// Asks how account and movements are now, without waiting for the stream to tell it.
    pub(super) async fn reload(&self) -> Result<(), Failure> {
        let turn = self.turn();
        let (account, page) = self.load(None).await?;
        if self.turn() == turn {
            let older = |held: &AccountView| is_current(&account.position, &held.position);
            if self.account.with_untracked(|held| held.as_ref().is_none_or(older)) {
                self.account.set(Some(account));
            }
            self.movements.update(|held| held.iter_mut().for_each(|held| held.renew(page.clone())));
        }
        Ok(())
    }

    fn take_in(self, turn: u32, delivery: Delivery) {
        if self.turn() != turn {
            return;
        }
        let event = match delivery {
            Delivery::Online(online) => {
                self.online.set(online);
                if online == Online::Live {
                    self.compare_clocks();
                    self.watch_history();
                }
                return;
            }
            Delivery::Event(event) => *event,
        };
        match event {
            Event::Account(view) => self.take_account(view),
            Event::Movement(movement) => {
                self.movements.update(|held| held.iter_mut().for_each(|held| held.insert(movement.clone())));
            }
            Event::Block(block) => {
                self.movements.update(|held| held.iter_mut().for_each(|held| held.seal(&block)));
                self.raise_tip(block.tip);
                self.watch_history();
            }
            Event::Work(work) => {
                let hear = self.inner.with_value(|inner| inner.hear_work.clone());
                hear.iter().for_each(|hear| hear(work.clone()));
            }
            Event::Reset => self.begin_anew(),
            Event::Banner(text) => self.banner.set(text),
            Event::Suspended => self.suspended.set(true),
            Event::SignedOut => self.session_ended(),
        }
    }

    fn take_account(self, view: AccountView) {
        let mine = self.phase.with_untracked(|phase| phase.me().is_some_and(|me| me.address == view.address));
        let newer = self
            .account
            .with_untracked(|held| held.as_ref().is_none_or(|held| is_current(&view.position, &held.position)));
        if !mine || !newer || !matches!(self.phase.get_untracked(), Phase::Ready { .. }) {
            return;
        }
        let turn = self.turn();
        self.account.set(Some(view));
        spawn_local(async move {
            // The block's own event may be just behind.
            gloo_timers::future::TimeoutFuture::new(500).await;
            let sealed = self.account.with_untracked(|held| held.as_ref().map_or(0, |held| held.tip.sealed));
            let misses =
                self.movements.with_untracked(|held| held.as_ref().is_some_and(|held| held.misses_blocks(sealed)));
            if misses && self.turn() == turn {
                self.reload_soon(turn);
            }
        });
    }

    fn raise_tip(&self, tip: Tip) {
        let rises = self.account.with_untracked(|held| held.as_ref().is_some_and(|held| held.tip.height < tip.height));
        if rises {
            self.account.update(|held| held.iter_mut().for_each(|held| held.tip = tip.clone()));
        }
    }

    /// Too much was missed, or the leader knows less than before: begins as if the page had just been opened.
    fn begin_anew(self) {
        let live = self.inner.try_update_value(|inner| {
            inner.turn += 1;
            inner.live.take()
        });
        drop(live);
        self.follow(None);
    }

    fn reload_soon(self, turn: u32) {
        spawn_local(async move {
            let mut attempt = 0;
            while self.turn() == turn && self.reload().await.is_err_and(|failure| failure.is_passing()) {
                pause::before_try(attempt).await;
                attempt += 1;
            }
        });
    }
}
