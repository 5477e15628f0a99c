//! What administrators do for people: inviting, crediting, and making accounts with a first password.

use crate::{
    locales::{describe, fill, texts},
    ui::{
        Button, El, Field, Icon, Part, Task, View, bdi, classed, dialog, div, el,
        field::{Fault, any_fault, fault, fault_of, form},
        format::{Moment, moment},
        member_picker::member_picker,
        money::amount_text,
        p,
        person::emblem,
        span,
        state::{copy_text, page_heading, section_heading, skeleton_rows},
        task::in_words,
        toast,
        words::new_password,
    },
    wallet::{Failure, PreparedCredit, WalletContext},
};
use leptos::{prelude::*, task::spawn_local};
use qoin_core::api::{invitations::InvitationView, members::MemberView, problem::ProblemCode};
use std::{cell::RefCell, rc::Rc};

/// The page of administrators.
pub fn people() -> View {
    let t = &texts().people;
    let wallet = expect_context::<WalletContext>();
    let invitations = Invitations(RwSignal::new(None));
    spawn_local(invitations.load(wallet));
    let panel = |title, lead| classed("section", "panel padded section").add(section_heading(title, lead));
    vec![
        page_heading(t.title),
        panel(t.invite_title, t.invite_lead).add(invite(wallet, invitations)),
        open_invitations(wallet, invitations),
        panel(t.credit_title, t.credit_lead).add(credit(wallet)),
        panel(t.create_title, t.create_lead).add(create(wallet)),
    ]
    .view()
}

/// The open invitations, or why they could not be loaded; `None` while loading.
#[derive(Clone, Copy)]
struct Invitations(RwSignal<Option<Result<Vec<InvitationView>, String>>>);

impl Invitations {
    async fn load(self, wallet: WalletContext) {
        let answer = wallet.invitations().await;
        self.0.try_set(Some(in_words(answer)));
    }

    fn remove(self, id: &str) {
        self.0.update(|list| list.iter_mut().flatten().for_each(|list| list.retain(|invitation| invitation.id != id)));
    }
}

/// The fields of name and e-mail address with their faults.
#[derive(Clone, Copy)]
struct NameAndEmail {
    name: RwSignal<String>,
    email: RwSignal<String>,
    name_fault: Fault,
    email_fault: Fault,
}

impl NameAndEmail {
    fn new() -> Self {
        let (name, email) = (RwSignal::new(String::new()), RwSignal::new(String::new()));
        Self { name, email, name_fault: fault_of(name), email_fault: fault_of(email) }
    }

    /// Sets the faults of what is written.
    fn check(self) {
        self.name_fault.set(self.name.with_untracked(|name| describe::name_fault(name)));
        self.email_fault.set(self.email.with_untracked(|email| describe::email_fault(email)));
    }

    /// Shows a failure at the field that it concerns, or gives it back in words.
    fn place(self, failure: &Failure) -> Result<(), String> {
        let text = describe::failure(failure);
        match failure.code() {
            Some(ProblemCode::EmailTaken | ProblemCode::InvalidEmail) => self.email_fault.set(Some(text)),
            Some(ProblemCode::InvalidName) => self.name_fault.set(Some(text)),
            _ => return Err(text),
        }
        any_fault(&[self.name_fault, self.email_fault]);
        Ok(())
    }

    fn clear(self) {
        self.name.set(String::new());
        self.email.set(String::new());
    }

    fn fields(self) -> El {
        let email = Field::email(self.email).autocomplete("off").fault(self.email_fault);
        div("two").add(Field::new(texts().parts.name, self.name).fault(self.name_fault)).add(email)
    }
}

fn invite(wallet: WalletContext, invitations: Invitations) -> View {
    let t = &texts().people;
    let who = NameAndEmail::new();
    let task = Task::new();
    let open = RwSignal::new(false);
    let (link, invited) = (RwSignal::new(String::new()), RwSignal::new(String::new()));
    let submit = move || {
        who.check();
        if any_fault(&[who.name_fault, who.email_fault]) {
            return;
        }
        task.start(async move {
            let name = who.name.get_untracked();
            match wallet.invite(name.clone(), who.email.get_untracked()).await {
                Ok(made) => {
                    link.set(made);
                    invited.set(name);
                    open.set(true);
                    who.clear();
                    invitations.load(wallet).await;
                    Ok(())
                }
                Err(failure) => who.place(&failure),
            }
        });
    };
    let button = Button::submit(t.invite).picture(Icon::Letter).busy(task.busy);
    let form = form("form", submit).add(who.fields()).add(fault(task.fault)).add(div("actions end").add(button));
    let content = move || {
        vec![
            el("p").add(fill(t.link_text, &[&invited.get()])).view(),
            copy_text(t.link_label, move || link.get(), "").view(),
            Button::new(texts().parts.done, move || open.set(false)).look("wide").view(),
        ]
        .view()
    };
    vec![form.view(), dialog(open, t.link_title, None, content)].view()
}

fn open_invitations(wallet: WalletContext, invitations: Invitations) -> El {
    let t = &texts().people;
    let show = toast();
    let rows = move || {
        invitations.0.with(|list| match list {
            None => skeleton_rows(2),
            Some(Err(text)) => p("row quiet").add(text.as_str()),
            Some(Ok(list)) if list.is_empty() => p("panel-note quiet").add(t.open_empty),
            Some(Ok(list)) => {
                let row = |invitation| open_invitation(wallet, invitations, invitation, show);
                classed("ul", "rows").add(list.iter().map(row).collect::<Vec<_>>())
            }
        })
    };
    let head = div("panel-head").add(el("h2").attr("id", "open-invitations").add(t.open_title));
    classed("section", "panel").attr("aria-labelledby", "open-invitations").add(head).add(rows)
}

fn open_invitation(
    wallet: WalletContext,
    invitations: Invitations,
    invitation: &InvitationView,
    show: impl Fn(String) + Copy + 'static,
) -> El {
    let t = &texts().people;
    let task = Task::new();
    let id = invitation.id.clone();
    let withdraw = move || {
        let id = id.clone();
        task.start(async move {
            in_words(wallet.withdraw_invitation(id.clone()).await)?;
            invitations.remove(&id);
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

/// What a credit was filled in with.
#[derive(Clone, PartialEq)]
struct Filled {
    to: MemberView,
    amount: String,
    memo: String,
}

fn credit(wallet: WalletContext) -> El {
    let t = &texts().people;
    let to = RwSignal::new(None::<MemberView>);
    let (amount, memo) = (RwSignal::new(String::new()), RwSignal::new(String::new()));
    let (to_fault, amount_fault, memo_fault) = (fault_of(to), fault_of(amount), fault_of(memo));
    // A credit without an answer: sent again as it is while the form stays as it is, so that it pays once.
    let waiting = Rc::new(RefCell::new(None::<(Filled, PreparedCredit)>));
    let task = Task::new();
    let show = toast();
    let submit = move || {
        let read = amount.with_untracked(|amount| describe::read_amount(amount));
        to_fault.set(to.with_untracked(Option::is_none).then(|| texts().send.to_missing.to_owned()));
        amount_fault.set(read.as_ref().err().cloned());
        memo_fault.set(memo.with_untracked(|memo| describe::memo_fault(memo)));
        if any_fault(&[to_fault, amount_fault, memo_fault]) {
            return;
        }
        let (Some(member), Ok(sum)) = (to.get_untracked(), read) else { return };
        let filled = Filled { to: member, amount: amount.get_untracked(), memo: memo.get_untracked() };
        let waiting = waiting.clone();
        task.start(async move {
            let before = waiting.take();
            let credit = match before {
                Some((before, credit)) if before == filled => credit,
                _ => {
                    let prepared = wallet.prepare_credit(&filled.to, sum, &filled.memo);
                    prepared.map_err(|fault| describe::draft_fault(&fault))?
                }
            };
            waiting.replace(Some((filled.clone(), credit.clone())));
            in_words(wallet.send_credit(&credit).await)?;
            waiting.take();
            to.set(None);
            amount.set(String::new());
            memo.set(String::new());
            show(fill(t.credited, &[&amount_text(sum), &filled.to.name]));
            Ok(())
        });
    };
    let button = Button::submit(t.credit).picture(Icon::Plus).busy(task.busy);
    form("form", submit)
        .add(member_picker(texts().send.to, to, to_fault))
        .add(Field::amount(amount).fault(amount_fault))
        .add(Field::new(texts().send.memo, memo).fault(memo_fault))
        .add(fault(task.fault))
        .add(div("actions end").add(button))
}

fn create(wallet: WalletContext) -> El {
    let t = &texts().people;
    let who = NameAndEmail::new();
    let password = RwSignal::new(String::new());
    let password_fault = fault_of(password);
    let task = Task::new();
    let show = toast();
    let submit = move || {
        who.check();
        password_fault.set(password.with_untracked(|password| describe::password_fault(password)));
        if any_fault(&[who.name_fault, who.email_fault, password_fault]) {
            return;
        }
        task.start(async move {
            let (name, email) = (who.name.get_untracked(), who.email.get_untracked());
            match wallet.create_member(name, email, password.get_untracked()).await {
                Ok(member) => {
                    who.clear();
                    password.set(String::new());
                    show(fill(t.created, &[&member.name]));
                    Ok(())
                }
                Err(failure) => who.place(&failure),
            }
        });
    };
    form("form", submit)
        .add(who.fields())
        .add(new_password(t.first_password, password, password_fault))
        .add(fault(task.fault))
        .add(div("actions end").add(Button::submit(t.create).look("plain").busy(task.busy)))
}
