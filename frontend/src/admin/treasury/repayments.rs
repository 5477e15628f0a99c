//! Credits that members are asked to pay back.

use crate::{
    admin::{
        load::{Page, Pages},
        panel::Panel,
    },
    api,
    locales::{admin::texts, fill},
    ui::{
        Button, El, Icon, Sign, Task, View, bdi, classed, div, el,
        field::fault,
        format::{Moment, moment},
        money,
        person::emblem,
        span, toast,
    },
};
use qoin_core::api::admin::treasury::{RepaymentState, RepaymentView};

/// The list of the requests; nothing while there never was one.
pub fn repayments(panel: Panel) -> View {
    let t = &texts().treasury;
    let list = Pages::new(panel, |before| async move {
        let page = api::admin::repayments(before.as_deref()).await?;
        Ok(Page { items: page.repayments, next: page.next.map(|next| next.to_string()) })
    });
    let show = toast();
    list.quiet_view(move |requests: &[RepaymentView]| {
        (!requests.is_empty()).then(|| {
            let rows: Vec<_> = requests.iter().map(|request| row(panel, request, show)).collect();
            let head = div("panel-head").add(el("h2").attr("id", "repayments").add(t.repayments));
            let section = classed("section", "panel").attr("aria-labelledby", "repayments");
            section.add(head).add(classed("ul", "rows").add(rows))
        })
    })
}

fn row(panel: Panel, request: &RepaymentView, show: impl Fn(String) + Copy + 'static) -> El {
    let t = &texts().treasury;
    let task = Task::new();
    let number = request.number;
    let withdraw = move || {
        task.start(async move {
            panel.told(api::admin::withdraw_repayment(number)).await?;
            show(t.repayment_withdrawn.into());
            panel.renew();
            Ok(())
        });
    };
    let member = request.member.name.as_deref().unwrap_or(texts().common.unknown);
    let by = fill(t.requested_by, &[&request.requested_by, &moment(request.requested_ms as f64, Moment::Until)]);
    let state = match request.state {
        RepaymentState::Open => t.repayment_open,
        RepaymentState::Paid => t.repayment_paid,
        RepaymentState::Withdrawn => t.repayment_ended,
    };
    let text = span("row-text")
        .add(bdi("row-title", member))
        .add(bdi("row-note", &request.reason))
        .add(span("row-note").add(by))
        .add(span("row-note").add(state))
        .add(fault(task.fault));
    let button = (request.state == RepaymentState::Open)
        .then(|| Button::new(t.withdraw, withdraw).look("plain small").busy(task.busy));
    let end = div("row-ways").add(money(request.amount, Sign::None)).add(button);
    classed("li", "row roomy").add(emblem(Icon::In)).add(text).add(end)
}
