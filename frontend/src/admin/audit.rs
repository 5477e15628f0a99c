//! The audit log: what was done with more than a member's rights, by whom, and what it changed.

use super::{
    load::{Page, Pages, nothing},
    panel::Panel,
    written::count,
};
use crate::{
    api::{self, admin::AuditFilter},
    locales::{admin::texts, fill},
    ui::{
        El, Icon, Part, View, bdi, classed, div, el,
        field::fresh_id,
        format::{Moment, moment},
        icon, link, p,
        select::select,
        span,
        state::{copy_text, section_heading},
        table::{Column, row, table},
    },
};
use leptos::prelude::*;
use qoin_core::{
    api::admin::audit::AuditEntryView,
    audit::{AuditAction, AuditActor, AuditChange, AuditTarget},
};

/// The page of the audit log.
pub fn audit() -> View {
    let t = &texts().audit;
    let panel = expect_context::<Panel>();
    let filter = Filter {
        what: RwSignal::new(String::new()),
        from: RwSignal::new(String::new()),
        to: RwSignal::new(String::new()),
    };
    let head = RwSignal::new(None::<(String, u64)>);
    let list = Pages::new(panel, move |before| {
        let asked = filter.read();
        async move {
            let page = api::admin::audit(&asked, before.as_deref()).await?;
            head.try_set(Some((page.head.to_string(), page.count)));
            Ok(Page { items: page.entries, next: page.next.map(|next| next.to_string()) })
        }
    });
    let columns = vec![
        Column::new(t.column_what),
        Column::new(t.column_target),
        Column::new(t.column_changes),
        Column::new(texts().common.who),
        Column::new(texts().common.when),
    ];
    let rows = list.view(move |entries: &[AuditEntryView]| {
        if entries.is_empty() {
            return nothing(t.empty);
        }
        table(
            texts().sections.audit,
            &columns,
            entries.iter().map(|entry| row(&columns, cells(entry))).collect::<Vec<_>>(),
        )
    });
    let title = el("h1").attr("tabindex", "-1").add(texts().sections.audit);
    vec![
        div("page-head").add(title).add(exports(filter)).view(),
        filters(filter).view(),
        classed("section", "panel").attr("aria-label", texts().sections.audit).add(rows).view(),
        head_of_log(head),
    ]
    .view()
}

/// What is looked for, as it is written.
#[derive(Clone, Copy)]
struct Filter {
    what: RwSignal<String>,
    from: RwSignal<String>,
    to: RwSignal<String>,
}

impl Filter {
    fn read(self) -> AuditFilter {
        const DAY_MS: f64 = 86_400_000.0;
        let day = |text: String, more_ms: f64| {
            let at_ms = js_sys::Date::new(&[&text, "T00:00"].concat().into()).get_time() + more_ms;
            at_ms.is_finite().then_some(at_ms.max(0.0) as u64)
        };
        AuditFilter { what: self.what.get(), from_ms: day(self.from.get(), 0.0), to_ms: day(self.to.get(), DAY_MS) }
    }
}

fn filters(filter: Filter) -> El {
    let t = &texts().audit;
    let mut actions = vec![(String::new(), t.all.to_owned())];
    actions.extend(AuditAction::ALL.iter().map(|action| (action.name().to_owned(), action_text(*action))));
    let day = |label: &str, value: RwSignal<String>| {
        let id = fresh_id();
        let input = classed("input", "input").attr("id", &id).attr("type", "date");
        div("field").add(el("label").attr("for", &id).add(label)).add(crate::ui::field::bind(input, value))
    };
    div("filters").add(select(t.what, actions, filter.what)).add(day(t.from, filter.from)).add(day(t.to, filter.to))
}

/// Links to the entries that match, as files.
fn exports(filter: Filter) -> El {
    let to = move |format: &'static str, label: &'static str| {
        link("link-button", "")
            .attr_text("href", move || Some(api::admin::audit_export(&filter.read(), format)))
            .attr("download", "")
            .attr("target", "_self")
            .add(icon(Icon::Download))
            .add(label)
    };
    div("actions").add(to("csv", "CSV")).add(to("jsonl", "JSON"))
}

fn cells(shown: &AuditEntryView) -> Vec<View> {
    let t = &texts().audit;
    let entry = &shown.entry;
    let what = span("two-lines")
        .add(span("").add(action_text(entry.what)))
        .add(bdi("quiet small", &entry.reason))
        .add(span("quiet small number").add(fill(t.number, &[&entry.number.to_string()])));
    let who = match (&entry.who, &shown.who_name) {
        (_, Some(name)) => bdi("", name),
        (AuditActor::Member { address, .. }, None) => bdi("mono", &address.to_string()),
        (AuditActor::Operator, None) => span("").add(t.operator),
        (AuditActor::MasterKey, None) => span("").add(t.master_key),
        (AuditActor::System, None) => span("").add(t.system),
    };
    let who = span("two-lines").add(who).add(entry.from.map(|from| span("quiet small").add(from.to_string())));
    let target = match (&entry.target, &shown.target_name) {
        (_, Some(name)) => bdi("", name),
        (AuditTarget::Leader, None) => span("").add(t.leader),
        (AuditTarget::Member { address, .. }, None) => bdi("mono small", &address.to_string()),
        (AuditTarget::Setting { name }, None) => bdi("mono small", name),
        (target, None) => bdi("small", &target.text().replace(':', " ")),
    };
    let changes: Vec<_> = entry.changes.iter().map(change).collect();
    let changes = classed("ul", "changes").add(changes);
    let when = span("number").add(moment(entry.at_ms as f64, Moment::Exact));
    vec![what.view(), target.view(), changes.view(), who.view(), when.view()]
}

/// A field: what it was and what it is.
fn change(change: &AuditChange) -> El {
    let before = change.before.as_ref().map(|before| el("del").add(bdi("", before)));
    let after = change.after.as_ref().map(|after| el("ins").add(bdi("", after)));
    el("li").add(span("quiet small").add(change.field.replace('_', " "))).add(span("change").add(before).add(after))
}

/// An action's name in words.
fn action_text(action: AuditAction) -> String {
    super::settings::title(action.name())
}

fn head_of_log(head: RwSignal<Option<(String, u64)>>) -> View {
    let t = &texts().audit;
    (move || {
        head.get().map(|(hash, entries)| {
            classed("section", "panel padded section")
                .add(section_heading(t.head_title, t.head_lead))
                .add(p("small").add(fill(t.entries, &[&count(entries)])))
                .add(copy_text(t.head, move || hash.clone(), ""))
        })
    })
    .view()
}
