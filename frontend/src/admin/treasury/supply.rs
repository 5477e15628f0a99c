//! Making money on the system account, and destroying what it holds.

use super::paying::{Once, outcome};
use crate::{
    admin::panel::Panel,
    api,
    locales::{admin::texts, describe, fill},
    ui::{
        Button, Field, Part, Task, View, dialog, div, el,
        field::{any_fault, fault, fault_of, form},
        money::amount_text,
        state::{Tone, notice},
        toast,
    },
};
use leptos::prelude::*;
use qoin_core::api::admin::treasury::ChangeSupply;

/// Which way the supply goes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// More of it.
    Issue,
    /// Less of it.
    Burn,
}

/// The dialog that makes or destroys money.
pub fn change(panel: Panel, direction: Direction, open: RwSignal<bool>) -> View {
    let t = &texts().treasury;
    let (title, lead, label, look, done) = match direction {
        Direction::Issue => (t.issue_title, t.issue_lead, t.issue, "", t.issued_now),
        Direction::Burn => (t.burn_title, t.burn_lead, t.burn, "danger", t.burned_now),
    };
    let (amount, reason) = (RwSignal::new(String::new()), RwSignal::new(String::new()));
    let amount_fault = fault_of(amount);
    let (task, once, show) = (Task::new(), Once::default(), toast());
    let submit = move || {
        let read = amount.with_untracked(|amount| describe::read_amount(amount));
        amount_fault.set(read.as_ref().err().cloned());
        let Ok(sum) = read else {
            any_fault(&[amount_fault]);
            return;
        };
        let once = once.clone();
        task.start(async move {
            let why = reason.get_untracked().trim().to_owned();
            let payment_id = once.payment_id(panel, format!("{} {why}", sum.units()))?;
            let request = ChangeSupply { amount: sum, payment_id, reason: Some(why).filter(|why| !why.is_empty()) };
            let answer = match direction {
                Direction::Issue => panel.told(api::admin::issue(&request)).await?,
                Direction::Burn => panel.told(api::admin::burn(&request)).await?,
            };
            once.done();
            open.set(false);
            amount.set(String::new());
            reason.set(String::new());
            show(outcome(&answer, fill(done, &[&amount_text(sum)]), sum));
            panel.renew();
            Ok(())
        });
    };
    let content = move || {
        let form = form("form", submit.clone())
            .add(Field::amount(amount).fault(amount_fault))
            .add(Field::new(texts().common.reason, reason).hint(texts().common.reason_hint))
            .add(fault(task.fault))
            .add(div("actions end").add(Button::submit(label).look(look).busy(task.busy)));
        vec![notice(Tone::Quiet, "", el("p").add(lead)).view(), form.view()].view()
    };
    dialog(open, title, Some(task.busy), content)
}
