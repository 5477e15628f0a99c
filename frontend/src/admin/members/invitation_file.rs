//! Inviting many by a file: first what it would do, row by row; then the links to hand over, which are shown once.

use super::invite::link_of;
use crate::{
    admin::panel::Panel,
    api,
    locales::{admin::texts, fill, texts as shared},
    ui::{
        Button, El, Icon, Part, Task, View, bdi, classed, dialog, div, el,
        field::{fault, fault_of},
        file_drop::{file_drop, save_file},
        p, react,
        state::{Tone, notice},
        table::{Column, row, table},
    },
};
use leptos::prelude::*;
use qoin_core::api::invitations::{InvitationFileAnswer, InvitationRowMade};

/// How many of the links are shown; the file has all of them.
const SHOWN: usize = 100;

/// The dialog that invites many.
pub fn invitation_file(panel: Panel, open: RwSignal<bool>) -> View {
    let t = &texts().members;
    let file = RwSignal::new(String::new());
    let file_fault = fault_of(file);
    let looked = RwSignal::new(None::<InvitationFileAnswer>);
    let task = Task::new();
    react(move || {
        file.track();
        looked.set(None);
    });
    let send = move |dry_run: bool| {
        if file.with_untracked(|file| file.trim().is_empty()) {
            file_fault.set(Some(texts().common.file_missing.to_owned()));
            return;
        }
        task.start(async move {
            let answer = panel.told(api::admin::invitation_file(file.get_untracked(), dry_run)).await?;
            let is_made = !answer.made.is_empty();
            looked.set(Some(answer));
            if is_made {
                panel.renew();
            }
            Ok(())
        });
    };
    let content = move || {
        let body = move || {
            let made = looked.with(|looked| looked.as_ref().map(|looked| looked.made.clone()).unwrap_or_default());
            if made.is_empty() { choose(file, file_fault, looked, task, send) } else { links(made, open, file) }
        };
        body.view()
    };
    dialog(open, t.invite_many_title, Some(task.busy), content)
}

fn choose(
    file: RwSignal<String>,
    file_fault: crate::ui::field::Fault,
    looked: RwSignal<Option<InvitationFileAnswer>>,
    task: Task,
    send: impl Fn(bool) + Copy + 'static,
) -> View {
    let t = &texts().members;
    let ways = move || match looked
        .with(|looked| looked.as_ref().map_or(0, |looked| if looked.too_many { 0 } else { looked.good }))
    {
        0 => Button::new(texts().common.dry_run, move || send(true)).busy(task.busy),
        good => Button::new(fill(t.file_invite, &[&good.to_string()]), move || send(false))
            .picture(Icon::Letter)
            .busy(task.busy),
    };
    vec![
        el("p").add(t.file_lead).view(),
        file_drop(t.file_label, t.file_hint, file, file_fault).view(),
        (move || looked.with(|looked| looked.as_ref().map(result))).view(),
        fault(task.fault).view(),
        div("actions end").add(ways).view(),
    ]
    .view()
}

/// What a dry run found.
fn result(answer: &InvitationFileAnswer) -> View {
    let (t, c) = (&texts().members, &texts().common);
    let counts = fill(t.file_counts, &[&answer.good.to_string(), &answer.bad.to_string()]);
    let too_many = answer.too_many.then(|| notice(Tone::Danger, "", el("p").add(t.file_too_many)));
    let columns = [Column::new(c.line), Column::new(c.fault)];
    let faults = (!answer.faults.is_empty()).then(|| {
        let rows: Vec<_> = answer
            .faults
            .iter()
            .map(|fault| row(&columns, vec![fault.line.to_string().view(), bdi("", &fault.detail).view()]))
            .collect();
        classed("section", "file-part").add(el("h3").add(c.faults)).add(table(c.faults, &columns, rows))
    });
    vec![div("file-total").attr("role", "status").add(counts).view(), too_many.view(), faults.view()].view()
}

/// The links, to hand over one by one or as a file.
fn links(made: Vec<InvitationRowMade>, open: RwSignal<bool>, file: RwSignal<String>) -> View {
    let t = &texts().members;
    let columns = [Column::new(crate::locales::texts().parts.name), Column::new(t.link_label)];
    let line = |made: &InvitationRowMade| {
        let who = crate::ui::span("two-lines").add(bdi("", &made.name)).add(bdi("quiet small", &made.email));
        row(&columns, vec![who.view(), bdi("mono small", &link_of("join", &made.token)).view()])
    };
    let shown = table(t.links, &columns, made.iter().take(SHOWN).map(line).collect::<Vec<_>>());
    let rest = made.len().saturating_sub(SHOWN);
    let rest = (rest > 0).then(|| p("quiet small").add(fill(t.links_more, &[&rest.to_string()])));
    let told = fill(t.file_invited, &[&made.len().to_string()]);
    let save = Button::new(t.links_save, move || save_file("invitations.csv", &as_file(&made))).picture(Icon::Download);
    let done = Button::new(shared().parts.done, move || {
        open.set(false);
        file.set(String::new());
    });
    let content: Vec<El> =
        vec![notice(Tone::Warning, &told, el("p").add(t.links_lead)), classed("section", "file-part").add(shown)];
    vec![content.view(), rest.view(), div("actions end").add(done.look("plain")).add(save).view()].view()
}

/// The links as a file of the same form as that which invited, for a spreadsheet or a mailing.
fn as_file(made: &[InvitationRowMade]) -> String {
    let quoted = |text: &str| ["\"", &text.replace('"', "\"\""), "\""].concat();
    let line = |made: &InvitationRowMade| {
        [&quoted(&made.name), ",", &quoted(&made.email), ",", &link_of("join", &made.token), "\r\n"].concat()
    };
    ["name,email,link\r\n".to_owned(), made.iter().map(line).collect()].concat()
}
