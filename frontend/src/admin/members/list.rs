//! All members: searched, sorted, filtered, page by page.

use super::member;
use crate::{
    admin::{
        load::{Page, Pages, nothing},
        panel::Panel,
        written::count,
    },
    api::{self, admin::MemberFilter},
    locales::{admin::texts, fill},
    ui::{
        El, Icon, Part, Sign, View, bdi, classed, div, el,
        field::{bind, fresh_id},
        format::{Moment, moment},
        icon, money, p,
        person::avatar,
        react,
        select::select,
        span,
        table::{Column, row, table},
    },
    wallet::pause,
};
use leptos::{prelude::*, task::spawn_local};
use qoin_core::api::{
    admin::members::{AdminMemberView, MemberCounts, MemberOrder, MemberState},
    sessions::Role,
};

/// How long typing must rest before the leader is asked, in milliseconds.
const REST_MS: u32 = 60;

/// What is looked for, as it is written.
#[derive(Clone, Copy)]
struct Filter {
    /// As it is typed.
    typed: RwSignal<String>,
    /// As it is asked for.
    query: RwSignal<String>,
    order: RwSignal<(MemberOrder, bool)>,
    role: RwSignal<String>,
    state: RwSignal<String>,
}

impl Filter {
    fn read(self) -> MemberFilter {
        let (order, descending) = self.order.get();
        MemberFilter { query: self.query.get(), order, descending, role: self.role.get(), state: self.state.get() }
    }

    /// A column whose name sorts by `order`; at first `descending` where the most is what one looks for.
    fn column(self, column: Column, order: MemberOrder, descending_first: bool) -> Column {
        let now = move || {
            let (by, descending) = self.order.get();
            (by == order).then_some(if descending { "descending" } else { "ascending" })
        };
        column.sorts(now, move || {
            self.order.update(|(by, descending)| {
                *descending = if *by == order { !*descending } else { descending_first };
                *by = order;
            });
        })
    }
}

/// The list of the members.
pub fn list(panel: Panel) -> View {
    let t = &texts().members;
    let text = || RwSignal::new(String::new());
    let order = RwSignal::new((MemberOrder::Name, false));
    let filter = Filter { typed: text(), query: text(), order, role: text(), state: text() };
    search_as_typed(filter);
    let told = RwSignal::new(None::<(u64, MemberCounts)>);
    let list = Pages::new(panel, move |offset| {
        let asked = filter.read();
        let offset = offset.and_then(|offset| offset.parse().ok()).unwrap_or(0);
        async move {
            let page = api::admin::members(&asked, offset).await?;
            told.try_set(Some((page.total, page.counts)));
            let reached = offset + page.members.len();
            let next = (!page.members.is_empty() && (reached as u64) < page.total).then(|| reached.to_string());
            Ok(Page { items: page.members, next })
        }
    });
    let chosen = RwSignal::new(None::<AdminMemberView>);
    let columns = vec![
        filter.column(Column::new(t.column_member), MemberOrder::Name, false),
        Column::new(t.column_role),
        Column::new(t.column_state),
        filter.column(Column::figures(t.column_balance), MemberOrder::Balance, true),
        filter.column(Column::new(t.column_joined), MemberOrder::Joined, true),
        filter.column(Column::new(t.column_signed_in), MemberOrder::LastSignedIn, true),
    ];
    let rows = list.view(move |members: &[AdminMemberView]| {
        if members.is_empty() {
            return nothing(t.nobody);
        }
        table(
            t.members,
            &columns,
            members.iter().map(|member| row(&columns, cells(member, chosen))).collect::<Vec<_>>(),
        )
    });
    let summary = move || {
        told.get().map(|(total, counts)| {
            let parts = [counts.active, counts.suspended, counts.erased].map(count);
            [fill(t.matching, &[&count(total)]), fill(t.counts, &[&parts[0], &parts[1], &parts[2]])].concat()
        })
    };
    vec![
        filters(filter).view(),
        p("quiet small").attr("role", "status").add(summary).view(),
        classed("section", "panel").attr("aria-label", t.members).add(rows).view(),
        member::member(panel, chosen, move |changed| {
            list.update(|members| {
                if let Some(member) = members.iter_mut().find(|member| member.address == changed.address) {
                    *member = changed;
                }
            });
        }),
    ]
    .view()
}

fn search_as_typed(filter: Filter) {
    react(move || {
        let typed = filter.typed.get();
        if filter.query.with_untracked(|query| *query == typed) {
            return;
        }
        spawn_local(async move {
            pause::for_ms(REST_MS).await;
            if filter.typed.try_with_untracked(|now| *now == typed) == Some(true) {
                filter.query.set(typed);
            }
        });
    });
}

fn filters(filter: Filter) -> El {
    let t = &texts().members;
    let id = fresh_id();
    let input = classed("input", "input").attr("id", &id).attr("type", "search").attr("autocomplete", "off");
    let search = div("field")
        .add(el("label").attr("for", &id).add(t.search))
        .add(div("input-with").add(span("lead").add(icon(Icon::Search))).add(bind(input, filter.typed)));
    let choices = |choices: &[(&str, &str)]| {
        let all = std::iter::once((String::new(), t.all.to_owned()));
        all.chain(choices.iter().map(|(value, name)| ((*value).to_owned(), (*name).to_owned()))).collect()
    };
    let states = choices(&[
        ("active", t.active),
        ("first_password", t.first_password_state),
        ("suspended", t.suspended),
        ("erased", t.erased),
    ]);
    div("filters").add(search).add(select(t.column_state, states, filter.state)).add(select(
        t.column_role,
        choices(&roles().map(|(role, name)| (role.name(), name))),
        filter.role,
    ))
}

/// All roles with their names in words.
pub fn roles() -> [(Role, &'static str); 3] {
    [Role::Member, Role::Treasurer, Role::Administrator].map(|role| (role, role_text(role)))
}

/// A role in words.
pub fn role_text(role: Role) -> &'static str {
    let t = &texts().members;
    match role {
        Role::Member => t.member,
        Role::Treasurer => t.treasurer,
        Role::Administrator => t.administrator,
    }
}

/// A member's state, as a badge.
pub fn state_badge(state: MemberState) -> El {
    let t = &texts().members;
    let (look, text) = match state {
        MemberState::Active => ("badge accent", t.active),
        MemberState::FirstPassword => ("badge warning", t.first_password_state),
        MemberState::Suspended => ("badge danger", t.suspended),
        MemberState::Erased => ("badge", t.erased),
    };
    span(look).add(text)
}

/// A member's name; what stands for it once it is erased.
pub fn name_of(member: &AdminMemberView) -> &str {
    if member.name.is_empty() { texts().members.someone } else { &member.name }
}

fn cells(member: &AdminMemberView, chosen: RwSignal<Option<AdminMemberView>>) -> Vec<View> {
    let t = &texts().members;
    let name = name_of(member);
    let who = span("two-lines").add(bdi("row-title", name)).add(bdi("quiet small", &member.email));
    let picked = member.clone();
    let open = classed("button", "person-button").attr("type", "button").attr("aria-haspopup", "dialog");
    let open = open.on_click(move || chosen.set(Some(picked.clone()))).add(avatar(name, &member.address)).add(who);
    let day = |at_ms: u64| span("number").add(moment(at_ms as f64, Moment::Date));
    let role = span(if member.role == Role::Member { "quiet" } else { "badge" }).add(role_text(member.role));
    vec![
        open.view(),
        role.view(),
        state_badge(member.state).view(),
        money(member.balance, Sign::None).view(),
        day(member.joined_ms).view(),
        member.last_signed_in_ms.map_or_else(|| span("quiet").add(t.never), day).view(),
    ]
}
