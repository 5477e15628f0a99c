//! What waits for a second administrator.

use crate::{
    admin::{
        load::{Page, Pages, nothing},
        panel::Panel,
    },
    api,
    locales::{admin::texts, fill},
    ui::{
        Button, El, Field, Icon, Part, Sign, Task, View, bdi, classed, dialog, div, el,
        field::{fault, form},
        format::{Moment, moment},
        money,
        movement::{fact, fact_of},
        person::emblem,
        react, span, toast,
    },
};
use leptos::prelude::*;
use qoin_core::api::{
    account::Party,
    admin::treasury::{Decide, ProposalState, ProposalView, ProposedView},
    capabilities::Capability,
};

/// What can be decided of a proposal.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Decision {
    Approve,
    Decline,
    Withdraw,
}

/// A proposal and what is about to be decided of it.
type Deciding = RwSignal<Option<(ProposalView, Decision)>>;

/// The list of what waits; all that ever did on demand.
pub fn proposals(panel: Panel) -> View {
    let t = &texts().treasury;
    let with_closed = RwSignal::new(false);
    let deciding: Deciding = RwSignal::new(None);
    let list = Pages::new(panel, move |before| {
        let open = !with_closed.get_untracked();
        async move {
            let page = api::admin::proposals(open, before.as_deref()).await?;
            Ok(Page { items: page.proposals, next: page.next.map(|next| next.to_string()) })
        }
    });
    let rows = list.view(move |proposals: &[ProposalView]| {
        if proposals.is_empty() {
            return nothing(t.proposals_empty);
        }
        let rows: Vec<_> = proposals.iter().map(|proposal| row(panel, proposal, deciding)).collect();
        classed("ul", "rows").add(rows)
    });
    let toggle = move || {
        with_closed.update(|with_closed| *with_closed = !*with_closed);
        list.again();
    };
    let label = move || if with_closed.get() { t.proposals_open } else { t.proposals_all };
    let toggle = classed("button", "link-button").attr("type", "button").add(label).on_click(toggle);
    let head = div("panel-head").add(el("h2").attr("id", "proposals").add(t.proposals)).add(toggle);
    let section = classed("section", "panel").attr("aria-labelledby", "proposals").add(head).add(rows);
    vec![section.view(), decide(panel, deciding)].view()
}

fn row(panel: Panel, proposal: &ProposalView, deciding: Deciding) -> El {
    let t = &texts().treasury;
    let by = fill(t.proposed_by, &[&proposal.proposed_by, &moment(proposal.proposed_ms as f64, Moment::Until)]);
    let text = span("row-text")
        .add(bdi("row-title", &title(proposal)))
        .add(span("row-note").add(by))
        .add(proposal.reason.as_ref().map(|reason| bdi("row-note", reason)))
        .add(span("row-note").add(state(proposal)));
    let open = |label: &'static str, look, decision| {
        let proposal = proposal.clone();
        Button::new(label, move || deciding.set(Some((proposal.clone(), decision)))).look(look)
    };
    let mut ways = Vec::new();
    if proposal.state == ProposalState::Open {
        if proposal.is_own {
            ways.push(open(t.withdraw, "plain small", Decision::Withdraw));
        } else if panel.may_now(Capability::Approve) {
            ways.push(open(t.decline, "plain small", Decision::Decline));
            ways.push(open(t.approve, "small", Decision::Approve));
        }
    }
    let end = div("row-ways").add(money(proposal.total, Sign::None)).add(div("actions").add(ways));
    classed("li", "row roomy").add(emblem(Icon::Clock)).add(text).add(end)
}

fn title(proposal: &ProposalView) -> String {
    let t = &texts().treasury;
    match &proposal.what {
        ProposedView::Credit { recipient, .. } => fill(t.proposed_credit, &[name(recipient)]),
        ProposedView::CreditFile { count, .. } => fill(t.proposed_file, &[&count.to_string()]),
        ProposedView::Issue => t.proposed_issue.into(),
        ProposedView::Burn => t.proposed_burn.into(),
        ProposedView::Refund { recipient, .. } => fill(t.proposed_refund, &[name(recipient)]),
    }
}

fn name(party: &Party) -> &str {
    party.name.as_deref().or(party.email.as_deref()).unwrap_or(texts().common.unknown)
}

fn state(proposal: &ProposalView) -> String {
    let t = &texts().treasury;
    let by = |text| fill(text, &[proposal.decided_by.as_deref().unwrap_or(texts().common.unknown)]);
    match proposal.state {
        ProposalState::Open => fill(t.proposal_until, &[&moment(proposal.expires_ms as f64, Moment::Until)]),
        ProposalState::Approved => by(t.proposal_approved),
        ProposalState::Declined => by(t.proposal_declined),
        ProposalState::Withdrawn => t.proposal_withdrawn.into(),
        ProposalState::Expired => t.proposal_expired.into(),
    }
}

/// The dialog that decides, with all that is proposed once more.
fn decide(panel: Panel, deciding: Deciding) -> View {
    let t = &texts().treasury;
    let open = RwSignal::new(false);
    react(move || open.set(deciding.with(Option::is_some)));
    react(move || {
        if !open.get() && deciding.with_untracked(Option::is_some) {
            deciding.set(None);
        }
    });
    let reason = RwSignal::new(String::new());
    let task = Task::new();
    let show = toast();
    let submit = move || {
        let Some((proposal, decision)) = deciding.get_untracked() else { return };
        task.start(async move {
            let why = reason.get_untracked().trim().to_owned();
            let why = Decide { reason: Some(why).filter(|why| !why.is_empty()) };
            let done = match decision {
                Decision::Approve => panel.told(api::admin::approve(proposal.number, &why)).await.map(|_| t.approved),
                Decision::Decline => panel.told(api::admin::decline(proposal.number, &why)).await.map(|_| t.declined),
                Decision::Withdraw => {
                    panel.told(api::admin::withdraw_proposal(proposal.number, &why)).await.map(|_| t.withdrawn)
                }
            }?;
            deciding.set(None);
            reason.set(String::new());
            show(done.into());
            panel.renew();
            Ok(())
        });
    };
    let content = move || {
        let Some((proposal, decision)) = deciding.get() else { return View::Nothing };
        let (label, look) = match decision {
            Decision::Approve => (t.approve, ""),
            Decision::Decline => (t.decline, "danger"),
            Decision::Withdraw => (t.withdraw, "danger"),
        };
        let form = form("form", submit)
            .add(Field::new(texts().common.reason, reason).hint(texts().common.reason_hint))
            .add(fault(task.fault))
            .add(div("actions end").add(Button::submit(label).look(look).busy(task.busy)));
        vec![facts(&proposal).view(), form.view()].view()
    };
    vec![dialog(open, t.decide_title, Some(task.busy), content)].view()
}

fn facts(proposal: &ProposalView) -> El {
    let (t, c) = (&texts().treasury, &texts().common);
    let memo = match &proposal.what {
        ProposedView::Credit { memo, .. } => memo.as_deref(),
        _ => None,
    };
    let original = match &proposal.what {
        ProposedView::Refund { original, .. } => Some(*original),
        _ => None,
    };
    let rows = match &proposal.what {
        ProposedView::CreditFile { rows, .. } => super::credit_file::rows(rows).view(),
        _ => View::Nothing,
    };
    let list = classed("dl", "facts")
        .add(fact(c.what, "", &title(proposal)))
        .add(fact_of(c.amount, money(proposal.total, Sign::None)))
        .add(memo.map(|memo| fact(c.memo, "", memo)))
        .add(original.map(|original| fact(t.original, "number", &original.to_string())))
        .add(fact(c.who, "", &proposal.proposed_by))
        .add(proposal.reason.as_ref().map(|reason| fact(c.reason, "", reason)));
    el("div").add(list).add(rows)
}
