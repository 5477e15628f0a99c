//! Reversals: giving back what a member paid in, and asking a member to pay back a credit. Neither goes above its
//! original.

use super::paying::{Once, outcome};
use crate::{
    admin::panel::Panel,
    api,
    locales::{admin::texts, describe, fill},
    ui::{
        Button, Field, Part, Sign, Task, View, classed, dialog, div, el,
        field::{any_fault, fault, fault_of, form},
        money,
        money::{amount_text, form as money_form},
        movement::{fact, fact_of, party_name},
        react, toast,
    },
};
use leptos::prelude::*;
use qoin_core::{
    amount::Amount,
    api::{
        account::MovementKind,
        admin::treasury::{Refund, RequestRepayment, StatementEntry},
    },
};

/// The line of the statement that is about to be reversed.
pub type Reversing = RwSignal<Option<StatementEntry>>;

/// The dialog that reverses a line.
pub fn reversal(panel: Panel, reversing: Reversing) -> View {
    let t = &texts().treasury;
    let open = RwSignal::new(false);
    let (amount, reason) = (RwSignal::new(String::new()), RwSignal::new(String::new()));
    let (amount_fault, reason_fault) = (fault_of(amount), fault_of(reason));
    react(move || {
        let rest = reversing.with(|entry| entry.as_ref().map(rest_of));
        if let Some(rest) = rest {
            amount.set(rest.display(money_form().decimals).to_string());
        }
        open.set(rest.is_some());
    });
    react(move || {
        if !open.get() && reversing.with_untracked(Option::is_some) {
            reversing.set(None);
        }
    });
    let (task, once, show) = (Task::new(), Once::default(), toast());
    let submit = move || {
        let Some(entry) = reversing.get_untracked() else { return };
        let is_refund = entry.movement.kind == MovementKind::Received;
        let read = amount.with_untracked(|amount| describe::read_amount(amount));
        amount_fault.set(read.as_ref().err().cloned());
        let why = reason.get_untracked().trim().to_owned();
        reason_fault.set((why.is_empty() && !is_refund).then(|| texts().common.reason_missing.to_owned()));
        if any_fault(&[amount_fault, reason_fault]) {
            return;
        }
        let (Ok(sum), Some(original)) = (read, entry.movement.number) else { return };
        let once = once.clone();
        task.start(async move {
            let done = if is_refund {
                let payment_id = once.payment_id(panel, format!("{original} {} {why}", sum.units()))?;
                let why = Some(why).filter(|why| !why.is_empty());
                let request = Refund { original, amount: sum, payment_id, memo: None, reason: why };
                let answer = panel.told(api::admin::refund(&request)).await?;
                outcome(&answer, fill(t.refunded, &[&amount_text(sum)]), sum)
            } else {
                let request = RequestRepayment { original, amount: sum, reason: why };
                panel.told(api::admin::request_repayment(&request)).await?;
                fill(t.asked_back, &[&amount_text(sum)])
            };
            once.done();
            reversing.set(None);
            reason.set(String::new());
            show(done);
            panel.renew();
            Ok(())
        });
    };
    let content = move || {
        let Some(entry) = reversing.get() else { return View::Nothing };
        let is_refund = entry.movement.kind == MovementKind::Received;
        let (lead, label) = if is_refund { (t.refund_lead, t.refund) } else { (t.ask_back_lead, t.ask_back) };
        let party = entry.movement.party.as_ref().map(|party| fact(texts().common.member, "", party_name(party)));
        let facts = classed("dl", "facts")
            .add(party)
            .add(entry.movement.amount.map(|amount| fact_of(t.original, money(amount, Sign::None))))
            .add(fact_of(t.reversed_so_far, money(entry.reversed, Sign::None)));
        let form = form("form", submit.clone())
            .add(Field::amount(amount).fault(amount_fault))
            .add(Field::new(texts().common.reason, reason).fault(reason_fault).hint(texts().common.reason_hint))
            .add(fault(task.fault))
            .add(div("actions end").add(Button::submit(label).busy(task.busy)));
        vec![el("p").add(lead).view(), facts.view(), form.view()].view()
    };
    dialog(open, t.reversal_title, Some(task.busy), content)
}

/// What of it can still be reversed.
fn rest_of(entry: &StatementEntry) -> Amount {
    let units = entry.movement.amount.map_or(0, Amount::units).saturating_sub(entry.reversed.units());
    Amount::from_units(units)
}
