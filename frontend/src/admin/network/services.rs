//! The members' services, and what those that reward contributions may give in a day.

use crate::{
    admin::{
        load::{Page, Pages, nothing},
        panel::Panel,
        written::span,
    },
    api,
    locales::{admin::texts, describe, fill},
    ui::{
        Button, Field, Part, Sign, Task, View, bdi, classed, dialog, div, el,
        field::{any_fault, fault, fault_of, form},
        money,
        money::{amount_text, form as money_form},
        react, span as text_span,
        table::{Column, row, table},
        toast,
    },
};
use leptos::prelude::*;
use qoin_core::{
    amount::Amount,
    api::{
        capabilities::Capability,
        problem::ProblemCode,
        services::{DeclaredService, ServiceStatus, SetBudget},
    },
};

/// The service whose budget is about to be set.
type Setting = RwSignal<Option<DeclaredService>>;

/// The table of the services.
pub fn services(panel: Panel) -> View {
    let t = &texts().network;
    let setting: Setting = RwSignal::new(None);
    let list = Pages::new(panel, |after| async move {
        let page = api::admin::services(after.as_deref()).await?;
        Ok(Page { items: page.services, next: page.next.map(|next| next.to_string()) })
    });
    let columns = vec![
        Column::new(t.column_owner),
        Column::new(t.column_role),
        Column::new(t.column_state),
        Column::figures(t.column_budget),
        Column::figures(t.column_spent),
        Column::new(t.column_ways),
    ];
    let rows = list.view(move |services: &[DeclaredService]| {
        if services.is_empty() {
            return nothing(t.services_empty);
        }
        let rows: Vec<_> = services.iter().map(|service| row(&columns, cells(panel, service, setting))).collect();
        table(t.services, &columns, rows)
    });
    let head = div("panel-head").add(el("h2").attr("id", "services").add(t.services));
    let section = classed("section", "panel").attr("aria-labelledby", "services").add(head).add(rows);
    vec![section.view(), budget(panel, setting)].view()
}

fn cells(panel: Panel, declared: &DeclaredService, setting: Setting) -> Vec<View> {
    let t = &texts().network;
    let DeclaredService { owner, service } = declared;
    let who = text_span("two-lines").add(bdi("", &owner.name)).add(bdi("quiet small", &owner.email));
    let (look, state) = match service.status {
        ServiceStatus::Active => ("status confirmed", t.active),
        ServiceStatus::Sleeping => ("status", t.sleeping),
    };
    let seen = service.seen_ms.map(|seen| fill(t.seen, &[&span(panel.leader_now_ms().saturating_sub(seen))]));
    let state = text_span("two-lines").add(text_span(look).add(state)).add(text_span("quiet small").add(seen));
    let role = text_span("two-lines")
        .add(text_span("").add(service.role.name()))
        .add(text_span("quiet small").add(fill(t.key_ends, &[&service.key_ends])));
    let budget = service.budget;
    let way = budget.filter(|_| panel.may_now(Capability::SetBudgets)).map(|_| {
        let declared = declared.clone();
        Button::new(t.set_budget, move || setting.set(Some(declared.clone()))).look("plain small")
    });
    vec![
        who.view(),
        role.view(),
        state.view(),
        budget.map(|budget| money(budget.per_day, Sign::None)).view(),
        budget.map(|budget| money(budget.spent_today, Sign::None)).view(),
        way.view(),
    ]
}

/// The dialog that sets a budget.
fn budget(panel: Panel, setting: Setting) -> View {
    let t = &texts().network;
    let open = RwSignal::new(false);
    let amount = RwSignal::new(String::new());
    let amount_fault = fault_of(amount);
    react(move || {
        let now = setting.with(|setting| setting.as_ref().map(before));
        if let Some(now) = now {
            amount.set(now.display(money_form().decimals).to_string());
        }
        open.set(now.is_some());
    });
    react(move || {
        if !open.get() && setting.with_untracked(Option::is_some) {
            setting.set(None);
        }
    });
    let (task, show) = (Task::new(), toast());
    let submit = move || {
        let Some(declared) = setting.get_untracked() else { return };
        let read = amount.with_untracked(|amount| describe::read_amount_or_zero(amount));
        amount_fault.set(read.as_ref().err().cloned());
        let Ok(per_day) = read else {
            any_fault(&[amount_fault]);
            return;
        };
        task.start(async move {
            let request = SetBudget { per_day, before: before(&declared), reason: String::new() };
            match panel.ask(api::admin::set_budget(declared.service.id, &request)).await {
                Err(failure) if failure.code() == Some(ProblemCode::EditConflict) => {
                    panel.renew();
                    return Err(describe::failure(&failure));
                }
                answer => answer.map_err(|failure| describe::failure(&failure))?,
            };
            setting.set(None);
            show(fill(t.budget_set, &[&amount_text(per_day)]));
            panel.renew();
            Ok(())
        });
    };
    let content = move || {
        let form = form("form", submit)
            .add(Field::amount(amount).fault(amount_fault).hint(t.budget_hint))
            .add(fault(task.fault))
            .add(div("actions end").add(Button::submit(t.set_budget).busy(task.busy)));
        let who = setting.with(|setting| setting.as_ref().map(|declared| declared.owner.name.clone()));
        vec![el("p").add(who.map(|who| fill(t.budget_lead, &[&who]))).view(), form.view()].view()
    };
    dialog(open, t.budget_title, Some(task.busy), content)
}

fn before(declared: &DeclaredService) -> Amount {
    declared.service.budget.map_or(Amount::ZERO, |budget| budget.per_day)
}
