//! A member: all that is known, and what can be done.

use super::{
    invite::{Link, link_dialog, link_of},
    list::{name_of, role_text, roles, state_badge},
};
use crate::{
    admin::panel::Panel,
    api,
    locales::{admin::texts, describe, fill},
    ui::{
        Button, El, Field, Part, Sign, Task, View, classed, dialog, div, el,
        field::{Fault, fault, fault_of, form},
        format::{Moment, moment},
        money,
        movement::{fact, fact_of},
        person::avatar,
        react,
        select::select,
        state::{Tone, notice},
        toast,
    },
};
use leptos::prelude::*;
use qoin_core::api::{
    admin::members::{AdminMemberView, Edit, MemberState, RecoveryView, SetRole},
    capabilities::Capability,
    problem::ProblemCode,
};
use std::rc::Rc;

/// What the dialog is about.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Step {
    Look,
    Suspend,
    Resume,
    Role,
    Recover,
    Erase,
}

#[derive(Clone, Copy)]
struct Dialog {
    panel: Panel,
    chosen: RwSignal<Option<AdminMemberView>>,
    step: RwSignal<Step>,
    reason: RwSignal<String>,
    role: RwSignal<String>,
    /// The member's name, typed to be sure.
    typed: RwSignal<String>,
    typed_fault: Fault,
    task: Task,
    link: RwSignal<Option<Link>>,
}

/// The dialog of the chosen member; `changed` takes the member as it is after a change.
pub fn member(
    panel: Panel,
    chosen: RwSignal<Option<AdminMemberView>>,
    changed: impl Fn(AdminMemberView) + 'static,
) -> View {
    let text = || RwSignal::new(String::new());
    let typed = text();
    let this = Dialog {
        panel,
        chosen,
        step: RwSignal::new(Step::Look),
        reason: text(),
        role: text(),
        typed,
        typed_fault: fault_of(typed),
        task: Task::new(),
        link: RwSignal::new(None),
    };
    let open = RwSignal::new(false);
    react(move || {
        let is_chosen = chosen.with(Option::is_some);
        if is_chosen != open.get_untracked() {
            this.go(Step::Look);
            open.set(is_chosen);
        }
    });
    react(move || {
        if !open.get() && chosen.with_untracked(Option::is_some) {
            chosen.set(None);
        }
    });
    let changed: Rc<dyn Fn(AdminMemberView)> = Rc::new(changed);
    let content = move || {
        let changed = changed.clone();
        let step = move || {
            let Some(member) = chosen.get() else { return View::Nothing };
            match this.step.get() {
                Step::Look => this.look(&member),
                step => this.act(step, &member, changed.clone()),
            }
        };
        step.view()
    };
    vec![dialog(open, texts().members.member_title, Some(this.task.busy), content), link_dialog(this.link)].view()
}

impl Dialog {
    fn go(self, step: Step) {
        self.reason.set(String::new());
        self.typed.set(String::new());
        self.task.fault.set(None);
        self.step.set(step);
    }

    /// All that is known, and the ways on.
    fn look(self, member: &AdminMemberView) -> View {
        let t = &texts().members;
        let name = div("identity").add(avatar(name_of(member), &member.address)).add(
            div("two-lines")
                .add(crate::ui::bdi("name", name_of(member)))
                .add(crate::ui::bdi("quiet small", &member.email)),
        );
        let at = |at_ms: u64| moment(at_ms as f64, Moment::Until);
        let stopped = member.stopped.as_ref().map(|stopped| {
            let since = fill(t.since, &[&at(stopped.since_ms)]);
            fact(
                t.stopped,
                "",
                if stopped.reason.is_empty() { since } else { [&stopped.reason, " · ", &since].concat() }.as_str(),
            )
        });
        let recovery = member.recovery.as_ref().map(|recovery| match recovery {
            RecoveryView::Open { expires_ms } => fill(t.recovery_open, &[&at(*expires_ms)]),
            RecoveryView::Waiting { effective_ms, .. } => fill(t.recovery_waiting, &[&at(*effective_ms)]),
        });
        let facts = classed("dl", "facts")
            .add(fact_of(t.column_state, state_badge(member.state)))
            .add(stopped)
            .add(fact(t.column_role, "", role_text(member.role)))
            .add(fact_of(t.column_balance, money(member.balance, Sign::None)))
            .add(fact(t.column_joined, "number", &at(member.joined_ms)))
            .add(fact(t.column_signed_in, "number", &member.last_signed_in_ms.map_or_else(|| t.never.into(), at)))
            .add(recovery.map(|recovery| fact(t.recovery, "", &recovery)))
            .add(fact(t.address, "mono", &member.address.to_string()));
        vec![name.view(), facts.view(), fault(self.task.fault).view(), self.ways(member).view()].view()
    }

    fn ways(self, member: &AdminMemberView) -> El {
        let t = &texts().members;
        let may = |right| self.panel.may_now(right);
        let way = |label: &'static str, look, step| Button::new(label, move || self.go(step)).look(look);
        let mut ways = Vec::new();
        if member.state != MemberState::Erased {
            if may(Capability::SetRoles) {
                let role = member.role;
                let button = Button::new(t.change_role, move || {
                    self.go(Step::Role);
                    self.role.set(role.name().to_owned());
                });
                ways.push(button.look("plain"));
            }
            if may(Capability::Recover) && member.recoverable {
                match member.recovery {
                    Some(RecoveryView::Open { .. }) => ways.push(self.withdraw_recovery(member)),
                    _ => ways.push(way(t.recover, "plain", Step::Recover)),
                }
            }
            if may(Capability::Suspend) {
                ways.push(match member.state {
                    MemberState::Suspended => way(t.resume, "plain", Step::Resume),
                    _ => way(t.suspend, "plain", Step::Suspend),
                });
            }
            if may(Capability::Erase) {
                ways.push(way(t.erase, "plain", Step::Erase));
            }
        }
        div("ways").add(ways)
    }

    fn withdraw_recovery(self, member: &AdminMemberView) -> Button {
        let address = member.address;
        let withdraw = move || {
            self.task.start(async move {
                let member = self.panel.told(api::admin::withdraw_recovery(&address)).await?;
                self.chosen.set(Some(member));
                Ok(())
            });
        };
        Button::new(texts().members.withdraw_recovery, withdraw).look("plain").busy(self.task.busy)
    }

    /// The form of a step: what it does, why, and the button that does it.
    fn act(self, step: Step, member: &AdminMemberView, changed: Rc<dyn Fn(AdminMemberView)>) -> View {
        let t = &texts().members;
        let (tone, lead, label, look) = match step {
            Step::Suspend => (Tone::Warning, t.suspend_lead, t.suspend, "danger"),
            Step::Resume => (Tone::Quiet, t.resume_lead, t.resume, ""),
            Step::Recover => (Tone::Quiet, t.recover_lead, t.recover_button, ""),
            Step::Erase => (Tone::Danger, t.erase_lead, t.erase, "danger"),
            Step::Role | Step::Look => (Tone::Quiet, t.role_lead, t.role_button, ""),
        };
        let show = toast();
        let before = member.clone();
        let submit = move || {
            let member = before.clone();
            if step == Step::Erase && self.typed.with_untracked(|typed| typed.trim() != member.name.trim()) {
                self.typed_fault.set(Some(fill(t.typed_wrong, &[&member.name])));
                return;
            }
            let changed = changed.clone();
            self.task.start(async move {
                let now = self.send(step, &member).await?;
                self.go(Step::Look);
                changed(now.clone());
                self.chosen.set(Some(now));
                show(t.done.into());
                Ok(())
            });
        };
        let choices = roles().map(|(role, name)| (role.name().to_owned(), name.to_owned()));
        let role = (step == Step::Role).then(|| select(t.column_role, choices.into(), self.role));
        let typed = (step == Step::Erase)
            .then(|| Field::new(fill(t.typed_label, &[&member.name]), self.typed).fault(self.typed_fault));
        let back = Button::new(crate::locales::texts().parts.cancel, move || self.go(Step::Look)).look("plain");
        let form = form("form", submit)
            .add(role)
            .add(typed)
            .add(Field::new(texts().common.reason, self.reason).hint(texts().common.reason_hint))
            .add(fault(self.task.fault))
            .add(div("actions end").add(back).add(Button::submit(label).look(look).busy(self.task.busy)));
        vec![notice(tone, name_of(member), el("p").add(lead)).view(), form.view()].view()
    }

    /// Asks for it. If the member was changed meanwhile, the dialog shows how it is now.
    async fn send(self, step: Step, member: &AdminMemberView) -> Result<AdminMemberView, String> {
        let (address, version) = (member.address, member.version);
        let reason = self.reason.get_untracked().trim().to_owned();
        let edit = Edit { version, reason: reason.clone() };
        let answer = match step {
            Step::Suspend => self.panel.ask(api::admin::edit_member(&address, "suspend", &edit)).await,
            Step::Resume => self.panel.ask(api::admin::edit_member(&address, "resume", &edit)).await,
            Step::Erase => self.panel.ask(api::admin::edit_member(&address, "erase", &edit)).await,
            Step::Recover => {
                let started = self.panel.ask(api::admin::start_recovery(&address, &edit)).await;
                started.map(|started| {
                    self.link.set(Some(Link { name: member.name.clone(), link: link_of("recover", &started.token) }));
                    started.member
                })
            }
            Step::Role | Step::Look => {
                let chosen = self.role.get_untracked();
                let role = roles().into_iter().map(|(role, _)| role).find(|role| role.name() == chosen);
                let request = SetRole { version, role: role.unwrap_or(member.role), reason };
                self.panel.ask(api::admin::set_role(&address, &request)).await
            }
        };
        let failure = match answer {
            Ok(member) => return Ok(member),
            Err(failure) => failure,
        };
        if failure.code() == Some(ProblemCode::EditConflict) {
            let now = self.panel.told(api::admin::member(&address)).await?;
            self.go(Step::Look);
            self.chosen.set(Some(now));
        }
        Err(describe::failure(&failure))
    }
}
