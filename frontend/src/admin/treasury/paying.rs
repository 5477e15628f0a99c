//! What all ways to move the system account's money share: sent again as it is after a lost answer, so that it counts
//! once; and what came of it in words.

use crate::{
    admin::panel::Panel,
    locales::{admin::texts, describe, fill},
    ui::money::amount_text,
    wallet::keys,
};
use qoin_core::{amount::Amount, api::admin::treasury::TreasuryAnswer, payment_id::PaymentId};
use std::{cell::RefCell, rc::Rc};

/// The payment id of what is filled in. It stays the same while that does, until it is done.
#[derive(Clone, Default)]
pub struct Once(Rc<RefCell<Option<(String, PaymentId)>>>);

impl Once {
    /// The payment id for what is written as this text.
    pub fn payment_id(&self, panel: Panel, filled: String) -> Result<PaymentId, String> {
        if let Some((before, id)) = &*self.0.borrow()
            && *before == filled
        {
            return Ok(*id);
        }
        let id = new_payment_id(panel)?;
        self.0.replace(Some((filled, id)));
        Ok(id)
    }

    /// It is done: the same once more is another payment.
    pub fn done(&self) {
        self.0.take();
    }
}

/// What came of it, in words: `done`, or that it waits for someone else.
pub fn outcome(answer: &TreasuryAnswer, done: String, amount: Amount) -> String {
    match answer {
        TreasuryAnswer::Accepted(_) => done,
        TreasuryAnswer::Waiting(_) => fill(texts().treasury.waits, &[&amount_text(amount)]),
    }
}

/// A fresh payment id by the leader's clock.
pub fn new_payment_id(panel: Panel) -> Result<PaymentId, String> {
    let random = keys::random().map_err(|failure| describe::failure(&failure))?;
    Ok(PaymentId::new(panel.leader_now_ms(), random))
}
