//! Who is invited.

use crate::{
    admin::{
        load::{Load, nothing},
        panel::Panel,
    },
    api,
    locales::{admin::texts, fill},
    ui::{
        Button, El, Icon, Task, bdi, classed, div, el,
        field::fault,
        format::{Moment, moment},
        person::emblem,
        span, toast,
    },
};
use qoin_core::api::invitations::InvitationView;

/// The list of the open invitations.
pub fn invitations(panel: Panel, open: Load<Vec<InvitationView>>) -> El {
    let t = &texts().members;
    let show = toast();
    let rows = open.view(move |list| {
        if list.is_empty() {
            return nothing(t.open_empty);
        }
        let row = |invitation| row(panel, open, invitation, show);
        classed("ul", "rows").add(list.iter().map(row).collect::<Vec<_>>())
    });
    let head = div("panel-head").add(el("h2").attr("id", "open-invitations").add(t.open_title));
    classed("section", "panel").attr("aria-labelledby", "open-invitations").add(head).add(rows)
}

fn row(
    panel: Panel,
    open: Load<Vec<InvitationView>>,
    invitation: &InvitationView,
    show: impl Fn(String) + Copy + 'static,
) -> El {
    let t = &texts().members;
    let task = Task::new();
    let id = invitation.id.clone();
    let withdraw = move || {
        let id = id.clone();
        task.start(async move {
            panel.told(api::withdraw_invitation(&id)).await?;
            open.update(|list| list.retain(|invitation| invitation.id != id));
            show(t.withdrawn.into());
            Ok(())
        });
    };
    let until = fill(t.expires, &[&moment(invitation.expires_ms as f64, Moment::Until)]);
    let text = span("row-text")
        .add(bdi("row-title", &invitation.name))
        .add(bdi("row-note", &invitation.email))
        .add(span("row-note").add(until))
        .add(fault(task.fault));
    let button = Button::new(t.withdraw, withdraw).look("plain small").busy(task.busy);
    classed("li", "row roomy").add(emblem(Icon::Letter)).add(text).add(button)
}
