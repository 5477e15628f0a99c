//! Paying many members by a file: first what it would do, row by row; then all of it or nothing.

use super::paying::new_payment_id;
use crate::{
    admin::panel::Panel,
    api,
    locales::{admin::texts, fill},
    ui::{
        Button, El, Icon, Part, Sign, Task, View, bdi, classed, dialog, div, el,
        field::{fault, fault_of},
        file_drop::file_drop,
        format::{Moment, moment},
        money,
        movement::party_name,
        react,
        state::{Tone, notice},
        table::{Column, row, table},
        toast,
    },
};
use leptos::prelude::*;
use qoin_core::api::admin::treasury::{CreditFileAnswer, CreditFileOutcome, CreditRowFault, CreditRowView};

/// The dialog that credits many.
pub fn credit_file(panel: Panel, open: RwSignal<bool>) -> View {
    let t = &texts().treasury;
    let file = RwSignal::new(String::new());
    let file_fault = fault_of(file);
    // The file's own name, so that sending it again pays once.
    let batch = RwSignal::new(String::new());
    let looked = RwSignal::new(None::<CreditFileAnswer>);
    let (task, show) = (Task::new(), toast());
    react(move || {
        file.track();
        looked.set(None);
        batch.set(String::new());
    });
    let look = move || {
        if file.with_untracked(|file| file.trim().is_empty()) {
            file_fault.set(Some(texts().common.file_missing.to_owned()));
            return;
        }
        task.start(async move {
            let name = new_payment_id(panel)?.to_string();
            let answer = panel.told(api::admin::credit_file(file.get_untracked(), &name, true)).await?;
            batch.set(name);
            looked.set(Some(answer));
            Ok(())
        });
    };
    let pay = move || {
        task.start(async move {
            let name = batch.get_untracked();
            let answer = panel.told(api::admin::credit_file(file.get_untracked(), &name, false)).await?;
            let (count, total) = (answer.rows_count.to_string(), crate::ui::money::amount_text(answer.total));
            match answer.outcome {
                CreditFileOutcome::Paid | CreditFileOutcome::PaidBefore => show(fill(t.file_paid, &[&count, &total])),
                CreditFileOutcome::Waiting => show(fill(t.waits, &[&total])),
                CreditFileOutcome::Payable | CreditFileOutcome::NotPayable => {
                    looked.set(Some(answer));
                    return Ok(());
                }
            }
            open.set(false);
            file.set(String::new());
            panel.renew();
            Ok(())
        });
    };
    let content = move || {
        let ways = move || {
            let ready = looked.with(|looked| {
                looked
                    .as_ref()
                    .filter(|looked| looked.outcome == CreditFileOutcome::Payable)
                    .map(|looked| looked.rows_count)
            });
            match ready {
                Some(count) => {
                    Button::new(fill(t.file_pay, &[&count.to_string()]), pay).picture(Icon::Out).busy(task.busy)
                }
                None => Button::new(texts().common.dry_run, look).busy(task.busy),
            }
        };
        vec![
            el("p").add(t.file_lead).view(),
            file_drop(t.file_label, t.file_hint, file, file_fault).view(),
            (move || looked.with(|looked| looked.as_ref().map(result))).view(),
            fault(task.fault).view(),
            div("actions end").add(ways).view(),
        ]
        .view()
    };
    dialog(open, t.credit_many_title, Some(task.busy), content)
}

/// What a dry run found.
fn result(answer: &CreditFileAnswer) -> View {
    let t = &texts().treasury;
    let good = answer.rows_count - answer.faults_count.min(answer.rows_count);
    let counts = fill(t.file_counts, &[&good.to_string(), &answer.faults_count.to_string()]);
    let same = answer.same_file_paid_ms.map(|at| {
        let text = fill(t.file_same, &[&moment(at as f64, Moment::Until)]);
        notice(Tone::Warning, "", el("p").add(text))
    });
    let second = answer.approval_limit.filter(|limit| answer.total > *limit);
    let second = second.map(|limit| {
        notice(Tone::Quiet, "", el("p").add(fill(t.file_second, &[&crate::ui::money::amount_text(limit)])))
    });
    let short = (answer.total > answer.available).then(|| {
        let text = fill(t.file_short, &[&crate::ui::money::amount_text(answer.available)]);
        notice(Tone::Danger, "", el("p").add(text))
    });
    let total =
        div("file-total").attr("role", "status").add(el("span").add(counts)).add(money(answer.total, Sign::None));
    let faults = (!answer.faults.is_empty()).then(|| faults(&answer.faults, answer.faults_count));
    let rows = (!answer.rows.is_empty()).then(|| rows(&answer.rows));
    vec![total.view(), short.view(), same.view(), second.view(), faults.view(), rows.view()].view()
}

fn faults(faults: &[CreditRowFault], count: u32) -> View {
    let columns = [Column::new(texts().common.line), Column::new(texts().common.fault)];
    let rows: Vec<_> = faults
        .iter()
        .map(|fault| row(&columns, vec![fault.line.to_string().view(), fault.detail.as_str().view()]))
        .collect();
    let rest = count as usize - faults.len().min(count as usize);
    let rest = (rest > 0).then(|| el("p").add(fill(texts().common.more_faults, &[&rest.to_string()])));
    let table = table(texts().common.faults, &columns, rows);
    classed("section", "file-part").add(el("h3").add(texts().common.faults)).add(table).add(rest).view()
}

/// The first good rows of a file.
pub fn rows(rows: &[CreditRowView]) -> El {
    let c = &texts().common;
    let columns = [Column::new(c.member), Column::figures(c.amount), Column::new(c.memo), Column::new(c.line)];
    let made = rows.iter().map(|line| {
        let who = bdi("", party_name(&line.recipient));
        let memo = line.memo.as_deref().map(|memo| bdi("", memo));
        row(
            &columns,
            vec![who.view(), money(line.amount, Sign::None).view(), memo.view(), line.line.to_string().view()],
        )
    });
    let table = table(texts().treasury.file_rows, &columns, made.collect::<Vec<_>>());
    classed("section", "file-part").add(el("h3").add(texts().treasury.file_rows)).add(table)
}
