//! Who was invited, and what became of it.

use crate::{
    admin::{
        load::{Page, Pages, nothing},
        panel::Panel,
    },
    api,
    locales::{admin::texts, fill},
    ui::{
        Button, El, Part, Task, View, bdi, classed, div, el,
        field::fault,
        format::{Moment, moment},
        select::select,
        span,
        table::{Column, row, table},
        toast,
    },
};
use leptos::prelude::*;
use qoin_core::api::invitations::{InvitationState, InvitationView};

/// The list of the invitations.
pub fn invitations(panel: Panel) -> View {
    let t = &texts().members;
    let state = RwSignal::new("open".to_owned());
    let list = Pages::new(panel, move |offset| {
        let asked = state.get();
        let offset = offset.and_then(|offset| offset.parse().ok()).unwrap_or(0);
        async move {
            let page = api::admin::invitations(&asked, offset).await?;
            let reached = offset + page.invitations.len();
            let next = (!page.invitations.is_empty() && (reached as u64) < page.total).then(|| reached.to_string());
            Ok(Page { items: page.invitations, next })
        }
    });
    let columns = vec![
        Column::new(t.column_invited),
        Column::new(t.column_state),
        Column::new(t.column_by),
        Column::new(t.column_ways),
    ];
    let rows = list.view(move |invitations: &[InvitationView]| {
        if invitations.is_empty() {
            return nothing(t.open_empty);
        }
        let rows: Vec<_> = invitations.iter().map(|one| row(&columns, cells(panel, list, one))).collect();
        table(t.invitations, &columns, rows)
    });
    let choices =
        [("open", t.open), ("used", t.used), ("withdrawn", t.withdrawn_state), ("expired", t.expired), ("", t.all)];
    let choices = choices.map(|(value, name)| (value.to_owned(), name.to_owned()));
    vec![
        div("filters").add(select(t.column_state, choices.into(), state)).view(),
        classed("section", "panel").attr("aria-label", t.invitations).add(rows).view(),
    ]
    .view()
}

fn cells(panel: Panel, list: Pages<InvitationView>, invitation: &InvitationView) -> Vec<View> {
    let at = |at_ms: u64| moment(at_ms as f64, Moment::Until);
    let who = span("two-lines").add(bdi("", &invitation.name)).add(bdi("quiet small", &invitation.email));
    let by = span("two-lines")
        .add(invitation.invited_by.as_deref().map(|by| bdi("", by)))
        .add(span("quiet small").add(at(invitation.created_ms)));
    let withdraw = (invitation.state == InvitationState::Open).then(|| withdraw(panel, list, invitation));
    vec![who.view(), state(invitation).view(), by.view(), withdraw.view()]
}

fn state(invitation: &InvitationView) -> El {
    let t = &texts().members;
    let at = |at_ms: u64| moment(at_ms as f64, Moment::Until);
    let ended = invitation.ended_ms.map(at).unwrap_or_default();
    let (look, name, note) = match invitation.state {
        InvitationState::Open => ("badge accent", t.open, fill(t.expires, &[&at(invitation.expires_ms)])),
        InvitationState::Used => {
            let who = invitation.used_by.as_ref().map_or(t.someone, |who| &who.name);
            ("badge", t.used, [who, " · ", &ended].concat())
        }
        InvitationState::Withdrawn => ("badge", t.withdrawn_state, ended),
        InvitationState::Expired => ("badge warning", t.expired, at(invitation.expires_ms)),
    };
    span("two-lines").add(span(look).add(name)).add(bdi("quiet small", &note))
}

fn withdraw(panel: Panel, list: Pages<InvitationView>, invitation: &InvitationView) -> El {
    let t = &texts().members;
    let (task, show) = (Task::new(), toast());
    let id = invitation.id.clone();
    let withdraw = move || {
        let id = id.clone();
        task.start(async move {
            panel.told(api::admin::withdraw_invitation(&id)).await?;
            list.again();
            show(t.withdrawn.into());
            Ok(())
        });
    };
    el("div").add(Button::new(t.withdraw, withdraw).look("plain small").busy(task.busy)).add(fault(task.fault))
}
