//! Paying a member out of the system account.

use super::paying::{Once, outcome};
use crate::{
    admin::panel::Panel,
    api,
    locales::{admin::texts, describe, fill, texts as shared},
    ui::{
        Button, Field, Icon, Part, Task, View, dialog, div, el,
        field::{any_fault, fault, fault_of, form},
        member_picker::member_picker,
        money::amount_text,
        toast,
    },
    wallet::salted,
};
use leptos::prelude::*;
use qoin_core::api::{admin::Credit, members::MemberView};

/// The dialog that credits one member.
pub fn credit(panel: Panel, open: RwSignal<bool>) -> View {
    let t = &texts().treasury;
    let to = RwSignal::new(None::<MemberView>);
    let (amount, memo) = (RwSignal::new(String::new()), RwSignal::new(String::new()));
    let (to_fault, amount_fault, memo_fault) = (fault_of(to), fault_of(amount), fault_of(memo));
    let (task, once, show) = (Task::new(), Once::default(), toast());
    let submit = move || {
        let read = amount.with_untracked(|amount| describe::read_amount(amount));
        to_fault.set(to.with_untracked(Option::is_none).then(|| shared().send.to_missing.to_owned()));
        amount_fault.set(read.as_ref().err().cloned());
        memo_fault.set(memo.with_untracked(|memo| describe::memo_fault(memo)));
        if any_fault(&[to_fault, amount_fault, memo_fault]) {
            return;
        }
        let (Some(member), Ok(sum)) = (to.get_untracked(), read) else { return };
        let once = once.clone();
        task.start(async move {
            let text = memo.get_untracked();
            let payment_id = once.payment_id(panel, format!("{} {} {text}", member.address, sum.units()))?;
            let memo_sent = salted(&text).map_err(|fault| describe::draft_fault(&fault))?;
            let credit = Credit { recipient: member.address, amount: sum, payment_id, memo: memo_sent };
            let answer = panel.told(api::admin::credit(&credit)).await?;
            once.done();
            open.set(false);
            to.set(None);
            amount.set(String::new());
            memo.set(String::new());
            show(outcome(&answer, fill(t.credited, &[&amount_text(sum), &member.name]), sum));
            panel.renew();
            Ok(())
        });
    };
    let content = move || {
        let button = Button::submit(t.credit_button).picture(Icon::Out).busy(task.busy);
        let form = form("form", submit.clone())
            .add(member_picker(shared().send.to, to, to_fault))
            .add(Field::amount(amount).fault(amount_fault))
            .add(Field::new(shared().send.memo, memo).fault(memo_fault).hint(t.memo_hint))
            .add(fault(task.fault))
            .add(div("actions end").add(button));
        vec![el("p").add(t.credit_lead).view(), form.view()].view()
    };
    dialog(open, t.credit_title, Some(task.busy), content)
}
