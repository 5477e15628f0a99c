//! A payment: filled in, reviewed, signed and sent, and followed until a block has sealed it.

use crate::{
    locales::{describe, fill, texts},
    routes::Page,
    ui::{
        Button, Dialog, Field, Icon, Sign, Task,
        field::{any_fault, fault, fault_of, fresh_id},
        icon,
        member_picker::MemberPicker,
        money,
        money::{amount_text, form},
        state::{Tone, notice},
    },
    wallet::{DraftFault, Failure, Payee, PaymentDraft, PreparedPayment, WalletContext},
};
use leptos::{ev::SubmitEvent, prelude::*};
use qoin_core::{
    address::Address,
    api::{members::MemberView, problem::ProblemCode, transactions::AcceptedView},
};

/// A payment on its way to being sent. It lives beside the pages, so that it survives locking and signing in again.
/// The app provides it as context.
#[derive(Clone, Copy)]
pub struct Draft {
    to: RwSignal<Option<MemberView>>,
    amount: RwSignal<String>,
    memo: RwSignal<String>,
    review: RwSignal<Option<Review>>,
    unsure: RwSignal<bool>,
    owner: RwSignal<Option<Address>>,
}

/// A checked draft, ready to be looked at once more.
#[derive(Clone)]
enum Review {
    /// It can be sent.
    Payment { payment: PreparedPayment, payee: Payee },
    /// It must not: the payee's address is another one than was paid before.
    Changed { to: MemberView, was: Address },
}

/// A payment that the leader has accepted.
#[derive(Clone)]
struct Sent {
    draft: PaymentDraft,
    accepted: AcceptedView,
}

impl Draft {
    /// Nothing filled in.
    pub fn new() -> Self {
        Self {
            to: RwSignal::new(None),
            amount: RwSignal::new(String::new()),
            memo: RwSignal::new(String::new()),
            review: RwSignal::new(None),
            unsure: RwSignal::new(false),
            owner: RwSignal::new(None),
        }
    }

    /// Makes it `owner`'s. What somebody else filled in is forgotten.
    fn belong_to(self, owner: Option<Address>) {
        if self.owner.get_untracked() != owner {
            self.clear();
            self.owner.set(owner);
        }
    }

    fn clear(self) {
        self.to.set(None);
        self.amount.set(String::new());
        self.memo.set(String::new());
        self.review.set(None);
        self.unsure.set(false);
    }
}

/// The page that sends a payment.
#[component]
pub fn Send() -> AnyView {
    let wallet = expect_context::<WalletContext>();
    let draft = expect_context::<Draft>();
    draft.belong_to(wallet.me().get_untracked().map(|me| me.address));
    let sent = RwSignal::new(None::<Sent>);
    let content = move || match sent.get() {
        Some(done) => view! { <Done done sent /> }.into_any(),
        None => view! { <Fill draft sent /> }.into_any(),
    };
    view! { {content} }.into_any()
}

#[component]
fn Fill(draft: Draft, sent: RwSignal<Option<Sent>>) -> AnyView {
    let t = &texts().send;
    let wallet = expect_context::<WalletContext>();
    let Draft { to, amount, memo, review, unsure, .. } = draft;
    let (to_fault, amount_fault, memo_fault) = (fault_of(to), fault_of(amount), fault_of(memo));
    let other_fault = RwSignal::new(None);
    let open = RwSignal::new(false);
    let fill_in = move || -> Option<PaymentDraft> {
        let read = describe::read_amount(&amount.get_untracked());
        let checked_memo = memo.with_untracked(|memo| qoin_core::memo::Memo::check(memo.trim()));
        to_fault.set(to.with_untracked(Option::is_none).then(|| t.to_missing.to_owned()));
        amount_fault.set(read.as_ref().err().cloned());
        memo_fault.set(checked_memo.err().map(|error| describe::memo(&error)));
        if any_fault(&[to_fault, amount_fault, memo_fault]) {
            return None;
        }
        Some(PaymentDraft { to: to.get_untracked()?, amount: read.ok()?, memo: memo.get_untracked() })
    };
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        other_fault.set(None);
        if unsure.get_untracked() {
            open.set(true);
            return;
        }
        let Some(filled) = fill_in() else { return };
        match prepare(wallet, filled) {
            Ok(checked) => {
                review.set(Some(checked));
                open.set(true);
            }
            Err(fault) => {
                let place = match fault {
                    DraftFault::ZeroAmount | DraftFault::InsufficientFunds { .. } => amount_fault,
                    DraftFault::PaymentToSelf | DraftFault::PayeeChanged { .. } => to_fault,
                    DraftFault::Memo(_) => memo_fault,
                    DraftFault::NotReady | DraftFault::NoRandomness => other_fault,
                };
                place.set(Some(describe::draft_fault(&fault)));
                any_fault(&[to_fault, amount_fault, memo_fault]);
            }
        }
    };
    let available = Signal::derive(move || {
        let available = wallet.account().with(|account| account.as_ref().map(|account| account.available));
        available.map(|available| fill(t.amount_hint, &[&amount_text(available)]))
    });
    let unit = Signal::derive(move || form().symbol);
    let counter = Signal::derive(move || memo.with(|memo| [&memo.trim().chars().count().to_string(), "/140"].concat()));
    let unsure_notice = move || {
        (unsure.get() && !open.get()).then(|| {
            let again = view! {
                <p>{t.unsure_text}</p>
                <Button label=t.review look="soft small" on_press=move |()| open.set(true) />
            };
            notice(Tone::Warning, t.unsure_title, again)
        })
    };
    view! {
        <div class="page-head"><h1 tabindex="-1">{t.title}</h1></div>
        {unsure_notice}
        <form class="panel padded form" on:submit=submit novalidate>
            <MemberPicker label=t.to chosen=to wrong=to_fault />
            <Field label=t.amount value=amount fault=amount_fault unit=unit hint=available />
            <Field label=t.memo value=memo fault=memo_fault counter=counter hint=Some(t.memo_hint.to_owned()) />
            {fault(fresh_id(), other_fault.into())}
            <Button label=t.review look="wide" />
        </form>
        <ReviewDialog draft open sent />
    }
    .into_any()
}

/// Checks and signs a draft.
fn prepare(wallet: WalletContext, draft: PaymentDraft) -> Result<Review, DraftFault> {
    let payee = wallet.check_payee(&draft.to);
    if let Payee::Changed { was } = payee {
        return Ok(Review::Changed { to: draft.to, was });
    }
    wallet.prepare_payment(draft).map(|payment| Review::Payment { payment, payee })
}

#[component]
fn ReviewDialog(draft: Draft, open: RwSignal<bool>, sent: RwSignal<Option<Sent>>) -> AnyView {
    let t = &texts().send;
    let wallet = expect_context::<WalletContext>();
    let task = Task::new();
    let send = move |()| {
        let Some(Review::Payment { payment, .. }) = draft.review.get_untracked() else { return };
        task.start(async move {
            let result = wallet.send(&payment).await;
            // The wallet may have been locked meanwhile; the draft is beside the pages and knows.
            draft.unsure.set(result.as_ref().is_err_and(is_unsure));
            let accepted = result.or_else(|failure| {
                if is_unsure(&failure) { Err(String::new()) } else { Err(describe::failure(&failure)) }
            })?;
            draft.clear();
            open.try_set(false);
            sent.try_set(Some(Sent { draft: payment.draft, accepted }));
            Ok(())
        });
    };
    let forget = move |()| {
        draft.unsure.set(false);
        open.set(false);
    };
    let content = move || {
        draft.review.get().map(|review| match review {
            Review::Changed { to, was } => changed(&to, &was),
            Review::Payment { payment, payee } => view! {
                {summary(&payment)}
                {first_payment(&payment.draft.to.name, &payee)}
                {move || draft.unsure.get().then(|| notice(Tone::Warning, t.unsure_title, view! { <p>{t.unsure_text}</p> }))}
                {fault(fresh_id(), Signal::derive(move || task.fault.get().filter(|text| !text.is_empty())))}
                {move || send_buttons(draft.unsure.get(), task, Callback::new(send), Callback::new(forget), open)}
            }
            .into_any(),
        })
    };
    view! { <Dialog open title=t.review_title held=task.busy>{content}</Dialog> }.into_any()
}

fn send_buttons(unsure: bool, task: Task, send: Callback<()>, forget: Callback<()>, open: RwSignal<bool>) -> AnyView {
    let t = &texts().send;
    let (label, other, on_other) = if unsure {
        (t.send_again, t.forget, forget)
    } else {
        (t.send_now, texts().parts.cancel, Callback::new(move |()| open.set(false)))
    };
    view! {
        <div class="actions end">
            <Button label=other look="plain" disabled=task.busy on_press=on_other />
            <Button label=label busy=task.busy on_press=send />
        </div>
    }
    .into_any()
}

/// Whether the payment may have arrived although it failed.
fn is_unsure(failure: &Failure) -> bool {
    failure.is_passing() || matches!(failure, Failure::Unreadable(_)) || failure.code() == Some(ProblemCode::Internal)
}

fn summary(payment: &PreparedPayment) -> AnyView {
    let t = &texts().send;
    let PaymentDraft { to, amount, memo } = payment.draft.clone();
    let memo = memo.trim().to_owned();
    let memo = (!memo.is_empty()).then(|| view! { <div><dt>{t.review_memo}</dt><dd><bdi>{memo}</bdi></dd></div> });
    view! {
        <dl class="facts">
            <div><dt>{t.review_to}</dt><dd><bdi>{to.name}</bdi><br /><bdi class="quiet">{to.email}</bdi></dd></div>
            <div class="total"><dt>{t.review_amount}</dt><dd data-testid="review-amount">{money(amount, Sign::None)}</dd></div>
            {memo}
            <div><dt>{t.review_after}</dt><dd data-testid="review-after">{money(payment.resulting, Sign::None)}</dd></div>
        </dl>
    }
    .into_any()
}

fn first_payment(name: &str, payee: &Payee) -> Option<AnyView> {
    let t = &texts().send;
    let Payee::New { words } = payee else { return None };
    let words: Vec<_> = words.split(' ').map(|word| view! { <li translate="no">{word.to_owned()}</li> }).collect();
    let content = view! { <p>{fill(t.first_text, &[name])}</p><ol class="fingerprint">{words}</ol> };
    Some(notice(Tone::Quiet, fill(t.first_title, &[name]), content))
}

fn changed(to: &MemberView, was: &Address) -> AnyView {
    let t = &texts().send;
    notice(Tone::Danger, t.changed_title, view! { <p>{fill(t.changed_text, &[&to.name, &was.to_string()])}</p> })
}

/// What has become of the payment: accepted, then confirmed, live.
#[component]
fn Done(done: Sent, sent: RwSignal<Option<Sent>>) -> AnyView {
    let t = &texts().send;
    let movements = expect_context::<WalletContext>().movements();
    let Sent { draft, accepted } = done;
    let block = Memo::new(move |_| {
        let sealed = movements.with(|movements| {
            let ours = movements.as_ref()?.iter().find(|movement| movement.number == Some(accepted.number));
            ours.and_then(|movement| movement.block)
        });
        accepted.block.or(sealed)
    });
    Effect::new(|_| crate::app::focus_heading());
    let confirmed = move || block.get().is_some();
    let title = move || if confirmed() { t.confirmed_title } else { t.sent_title };
    let status = move || match block.get() {
        Some(block) => {
            view! { <span class="status confirmed">{fill(t.in_block, &[&block.to_string()])}</span> }.into_any()
        }
        None => view! { <span class="status pending">{t.waiting}</span> }.into_any(),
    };
    view! {
        <section class="panel done">
            <span class="done-sign" class:confirmed=confirmed aria-hidden="true">
                {move || icon(if confirmed() { Icon::Check } else { Icon::Clock })}
            </span>
            <h1 tabindex="-1">{title}</h1>
            <p>{money(draft.amount, Sign::None)}</p>
            <p class="quiet">{t.sent_to}" "<bdi>{draft.to.name}</bdi></p>
            <p role="status" data-testid="payment-status">{status}</p>
            <div class="actions">
                <a class="button plain" href=Page::Wallet.path()>{t.to_wallet}</a>
                <Button label=t.pay_another on_press=move |()| sent.set(None) />
            </div>
        </section>
    }
    .into_any()
}
