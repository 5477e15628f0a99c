//! What administrators do for people: inviting, crediting, and making accounts with a first password.

use crate::{
    locales::{describe, fill, texts},
    ui::{
        Button, Dialog, Field, Icon, Task,
        field::{any_fault, fault, fault_of, fresh_id},
        format::{Moment, moment},
        member_picker::MemberPicker,
        money::{amount_text, form},
        person::emblem,
        state::{CopyText, skeleton_rows},
        toast,
        words::NewPassword,
    },
    wallet::{Failure, PreparedCredit, WalletContext},
};
use leptos::{ev::SubmitEvent, prelude::*, task::spawn_local};
use qoin_core::{
    api::{invitations::InvitationView, members::MemberView, problem::ProblemCode},
    memo::Memo,
};

/// The page of administrators.
#[component]
pub fn People() -> AnyView {
    let t = &texts().people;
    let open_invitations = RwSignal::new(None);
    load_invitations(open_invitations);
    view! {
        <div class="page-head"><h1 tabindex="-1">{t.title}</h1></div>
        <section class="panel padded section">
            <header><h2>{t.invite_title}</h2><p class="quiet small">{t.invite_lead}</p></header>
            <Invite open_invitations />
        </section>
        <OpenInvitations open_invitations />
        <section class="panel padded section">
            <header><h2>{t.credit_title}</h2><p class="quiet small">{t.credit_lead}</p></header>
            <CreditMember />
        </section>
        <section class="panel padded section">
            <header><h2>{t.create_title}</h2><p class="quiet small">{t.create_lead}</p></header>
            <Create />
        </section>
    }
    .into_any()
}

type OpenInvitationsSignal = RwSignal<Option<Result<Vec<InvitationView>, String>>>;

fn load_invitations(into: OpenInvitationsSignal) {
    let wallet = expect_context::<WalletContext>();
    spawn_local(async move {
        let answer = wallet.invitations().await;
        into.try_set(Some(answer.map_err(|failure| describe::failure(&failure))));
    });
}

/// The fields of name and e-mail address with their faults.
#[derive(Clone, Copy)]
struct NameAndEmail {
    name: RwSignal<String>,
    email: RwSignal<String>,
    name_fault: RwSignal<Option<String>>,
    email_fault: RwSignal<Option<String>>,
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

    fn fields(self) -> AnyView {
        let t = &texts().parts;
        view! {
            <div class="two">
                <Field label=t.name value=self.name fault=self.name_fault />
                <Field label=t.email value=self.email kind="email" fault=self.email_fault />
            </div>
        }
        .into_any()
    }
}

#[component]
fn Invite(open_invitations: OpenInvitationsSignal) -> AnyView {
    let t = &texts().people;
    let wallet = expect_context::<WalletContext>();
    let who = NameAndEmail::new();
    let task = Task::new();
    let open = RwSignal::new(false);
    // The link and whom it is for.
    let made = RwSignal::new((String::new(), String::new()));
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        who.check();
        if any_fault(&[who.name_fault, who.email_fault]) {
            return;
        }
        task.start(async move {
            let (name, email) = (who.name.get_untracked(), who.email.get_untracked());
            match wallet.invite(name.clone(), email).await {
                Ok(link) => {
                    made.set((link, name));
                    open.set(true);
                    who.clear();
                    let answer = wallet.invitations().await;
                    open_invitations.set(Some(answer.map_err(|failure| describe::failure(&failure))));
                    Ok(())
                }
                Err(failure) => who.place(&failure),
            }
        });
    };
    let link = Signal::derive(move || made.with(|made| made.0.clone()));
    view! {
        <form class="form" on:submit=submit novalidate>
            {who.fields()}
            {fault(fresh_id(), task.fault.into())}
            <div class="actions end"><Button label=t.invite picture=Icon::Letter busy=task.busy /></div>
        </form>
        <Dialog open title=t.link_title>
            <p>{move || made.with(|made| fill(t.link_text, &[&made.1]))}</p>
            <CopyText label=t.link_label text=link />
            <Button label=texts().parts.done look="wide" on_press=move |()| open.set(false) />
        </Dialog>
    }
    .into_any()
}

#[component]
fn OpenInvitations(open_invitations: OpenInvitationsSignal) -> AnyView {
    let t = &texts().people;
    let rows = move || match open_invitations.get() {
        None => skeleton_rows(2),
        Some(Err(text)) => view! { <p class="row quiet">{text}</p> }.into_any(),
        Some(Ok(list)) if list.is_empty() => {
            view! { <p class="empty"><span class="quiet">{t.open_empty}</span></p> }.into_any()
        }
        Some(Ok(list)) => {
            let row = |invitation| view! { <OpenInvitation invitation open_invitations /> };
            view! { <ul class="rows">{list.into_iter().map(row).collect_view()}</ul> }.into_any()
        }
    };
    view! {
        <section class="panel" aria-labelledby="open-invitations">
            <div class="panel-head"><h2 id="open-invitations">{t.open_title}</h2></div>
            {rows}
        </section>
    }
    .into_any()
}

#[component]
fn OpenInvitation(invitation: InvitationView, open_invitations: OpenInvitationsSignal) -> AnyView {
    let t = &texts().people;
    let wallet = expect_context::<WalletContext>();
    let task = Task::new();
    let show = toast();
    let InvitationView { id, name, email, expires_ms } = invitation;
    let withdraw = move |()| {
        let id = id.clone();
        task.start(async move {
            wallet.withdraw_invitation(id.clone()).await.map_err(|failure| describe::failure(&failure))?;
            open_invitations.update(|list| {
                if let Some(Ok(list)) = list {
                    list.retain(|invitation| invitation.id != id);
                }
            });
            show(t.withdrawn.into());
            Ok(())
        });
    };
    let until = fill(t.expires, &[&moment(expires_ms as f64, Moment::Until)]);
    view! {
        <li class="row">
            {emblem(Icon::Letter)}
            <span class="row-text">
                <bdi class="row-title">{name}</bdi>
                <bdi class="row-note">{email}</bdi>
                <span class="row-note">{until}</span>
                {fault(fresh_id(), task.fault.into())}
            </span>
            <Button label=t.withdraw look="plain small" busy=task.busy on_press=withdraw />
        </li>
    }
    .into_any()
}

#[component]
fn CreditMember() -> AnyView {
    let t = &texts().people;
    let wallet = expect_context::<WalletContext>();
    let to = RwSignal::new(None::<MemberView>);
    let (amount, memo) = (RwSignal::new(String::new()), RwSignal::new(String::new()));
    let (to_fault, amount_fault, memo_fault) = (fault_of(to), fault_of(amount), fault_of(memo));
    // A credit without an answer: sent again as it is while the form stays as it is, so that it pays once.
    let waiting = RwSignal::new(None::<(MemberView, String, String, PreparedCredit)>);
    let task = Task::new();
    let show = toast();
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        let read = describe::read_amount(&amount.get_untracked());
        let checked_memo = memo.with_untracked(|memo| Memo::check(memo.trim()));
        to_fault.set(to.with_untracked(Option::is_none).then(|| texts().send.to_missing.to_owned()));
        amount_fault.set(read.as_ref().err().cloned());
        memo_fault.set(checked_memo.err().map(|error| describe::memo(&error)));
        if any_fault(&[to_fault, amount_fault, memo_fault]) {
            return;
        }
        let (Some(member), Ok(sum)) = (to.get_untracked(), read) else { return };
        let (typed, note) = (amount.get_untracked(), memo.get_untracked());
        task.start(async move {
            let same = waiting
                .get_untracked()
                .filter(|(to, amount, memo, _)| *to == member && *amount == typed && *memo == note);
            let credit = match same {
                Some((.., credit)) => credit,
                None => wallet.prepare_credit(&member, sum, &note).map_err(|fault| describe::draft_fault(&fault))?,
            };
            waiting.set(Some((member.clone(), typed, note, credit.clone())));
            wallet.send_credit(&credit).await.map_err(|failure| describe::failure(&failure))?;
            waiting.set(None);
            to.set(None);
            amount.set(String::new());
            memo.set(String::new());
            show(fill(t.credited, &[&amount_text(sum), &member.name]));
            Ok(())
        });
    };
    let unit = Signal::derive(move || form().symbol);
    view! {
        <form class="form" on:submit=submit novalidate>
            <MemberPicker label=texts().send.to chosen=to wrong=to_fault />
            <Field label=texts().send.amount value=amount fault=amount_fault unit=unit />
            <Field label=texts().send.memo value=memo fault=memo_fault />
            {fault(fresh_id(), task.fault.into())}
            <div class="actions end"><Button label=t.credit picture=Icon::Plus busy=task.busy /></div>
        </form>
    }
    .into_any()
}

#[component]
fn Create() -> AnyView {
    let t = &texts().people;
    let wallet = expect_context::<WalletContext>();
    let who = NameAndEmail::new();
    let password = RwSignal::new(String::new());
    let password_fault = fault_of(password);
    let task = Task::new();
    let show = toast();
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
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
    view! {
        <form class="form" on:submit=submit novalidate>
            {who.fields()}
            <NewPassword label=t.first_password value=password fault=password_fault />
            {fault(fresh_id(), task.fault.into())}
            <div class="actions end"><Button label=t.create look="plain" busy=task.busy /></div>
        </form>
    }
    .into_any()
}
