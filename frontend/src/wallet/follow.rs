//! Keeping account and movements as a fresh load would show them.

use super::{Failure, LATEST, Online, Phase, WalletContext, movements::Movements, pause, position::is_current};
use crate::{
    api,
    live::{Delivery, Live},
};
use leptos::{prelude::*, task::spawn_local};
use qoin_core::{
    api::{account::AccountView, blocks::Tip, events::Event},
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

    /// Begins with the account just loaded: loads its movements, then listens to all that happens after it.
    pub(super) fn follow(self) {
        let Some(position) =
            self.account.with_untracked(|account| account.as_ref().map(|account| account.position.clone()))
        else {
            return;
        };
        let turn = self.turn();
        self.online.set(Online::Reconnecting);
        spawn_local(async move {
            let mut attempt = 0;
            while self.turn() == turn {
                match self.heed(api::history(None, LATEST as u32).await) {
                    Ok(page) if self.turn() == turn => {
                        self.movements.set(Some(Movements::fresh(page)));
                        let live = Live::open(position, move |delivery| self.take_in(turn, delivery));
                        self.inner.update_value(|inner| inner.live = Some(live));
                        return;
                    }
                    _ => pause::before_try(attempt).await,
                }
                attempt += 1;
            }
        });
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
    }

    /// Loads account and movements anew; for when the stream could not tell everything.
    pub(super) async fn reload(&self) -> Result<(), Failure> {
        let turn = self.turn();
        let held = self.movements.with_untracked(|held| held.as_ref().map_or(0, |held| held.list().len()));
        let limit = (held.max(LATEST) as u32).min(PAGE_ENTRIES_MAX);
        let account = self.heed(api::account().await)?;
        let page = self.heed(api::history(None, limit).await)?;
        if self.turn() == turn {
            self.account.set(Some(account));
            self.movements.update(|held| match held {
                Some(held) => held.renew(page),
                None => *held = Some(Movements::fresh(page)),
            });
        }
        Ok(())
    }

    fn take_in(self, turn: u32, delivery: Delivery) {
        if self.turn() != turn {
            return;
        }
        let event = match delivery {
            Delivery::Online(online) => return self.online.set(online),
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
            }
            Event::Reset => self.reload_soon(turn),
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
