//! A payment: filled in, reviewed, signed and sent, and followed until a block has sealed it.

use crate::{
    app::focus_heading,
    locales::{describe, fill, texts},
    routes::Page,
    ui::{
        Button, El, Field, Icon, Part, Sign, Task, View, bdi, classed, dialog, div, el,
        field::{any_fault, fault, fault_of, form},
        icon, link,
        member_picker::member_picker,
        money,
        money::amount_text,
        movement::{fact, fact_of},
        p, span,
        state::{Tone, notice, page_heading, words_in},
    },
    wallet::{DraftFault, Failure, Payee, PaymentDraft, PreparedPayment, WalletContext},
};
use leptos::prelude::*;
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
    /// The payment may have arrived although no answer came.
    unsure: RwSignal<bool>,
    /// Whose it is: an address, or nothing.
    owner: RwSignal<String>,
}

/// A checked draft, ready to be looked at once more.
#[derive(Clone)]
enum Review {
    /// It can be sent.
    Payment { payment: Box<PreparedPayment>, payee: Payee },
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
            owner: RwSignal::new(String::new()),
        }
    }

    /// Makes it `owner`'s. What somebody else filled in is forgotten.
    fn belong_to(self, owner: Option<Address>) {
        let owner = owner.map(|owner| owner.to_string()).unwrap_or_default();
        if self.owner.with_untracked(|before| *before != owner) {
            self.clear();
            self.owner.set(owner);
        }
    }

    /// Begins a payment by `owner` to this member, unless another one waits for an answer.
    pub fn begin(self, owner: Option<Address>, to: MemberView) {
        self.belong_to(owner);
        if !self.unsure.get_untracked() {
            self.review.set(None);
            self.to.set(Some(to));
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
pub fn send() -> View {
    let wallet = expect_context::<WalletContext>();
    let draft = expect_context::<Draft>();
    draft.belong_to(untrack(|| wallet.me()).map(|me| me.address));
    let sent = RwSignal::new(None::<Sent>);
    (move || match sent.get() {
        Some(done) => follow(wallet, done, sent),
        None => fill_in(wallet, draft, sent),
    })
    .view()
}

fn fill_in(wallet: WalletContext, draft: Draft, sent: RwSignal<Option<Sent>>) -> View {
    let t = &texts().send;
    let Draft { to, amount, memo, unsure, .. } = draft;
    let faults =
        Faults { to: fault_of(to), amount: fault_of(amount), memo: fault_of(memo), other: RwSignal::new(None) };
    let open = RwSignal::new(false);
    let submit = move || {
        faults.other.set(None);
        if !unsure.get_untracked() {
            let Some(filled) = faults.read(draft) else { return };
            match prepare(wallet, filled) {
                Ok(review) => draft.review.set(Some(review)),
                Err(fault) => return faults.show(&fault),
            }
        }
        open.set(true);
    };
    let available = move || {
        let available = wallet.with_account(|account| account.map(|account| account.available));
        available.map(|available| fill(t.amount_hint, &[&amount_text(available)]))
    };
    let counter = move || memo.with(|memo| [&memo.trim().chars().count().to_string(), "/140"].concat());
    let again = move || {
        (unsure.get() && !open.get()).then(|| {
            let look = Button::new(t.review, move || open.set(true)).look("soft small");
            notice(Tone::Warning, t.unsure_title, vec![el("p").add(t.unsure_text).view(), look.view()])
        })
    };
    let form = form("panel padded form", submit)
        .add(member_picker(t.to, to, faults.to))
        .add(Field::amount(amount).fault(faults.amount).hint(available))
        .add(Field::new(t.memo, memo).fault(faults.memo).counter(counter).hint(t.memo_hint))
        .add(fault(faults.other))
        .add(Button::submit(t.review).look("wide"));
    vec![page_heading(t.title).view(), again.view(), form.view(), review_dialog(wallet, draft, open, sent)].view()
}

/// What is wrong with the fields, and with none of them in particular.
#[derive(Clone, Copy)]
struct Faults {
    to: RwSignal<Option<String>>,
    amount: RwSignal<Option<String>>,
    memo: RwSignal<Option<String>>,
    other: RwSignal<Option<String>>,
}

impl Faults {
    /// Reads the fields; shows what is wrong with them.
    fn read(self, draft: Draft) -> Option<PaymentDraft> {
        let amount = draft.amount.with_untracked(|amount| describe::read_amount(amount));
        self.to.set(draft.to.with_untracked(Option::is_none).then(|| texts().send.to_missing.to_owned()));
        self.amount.set(amount.as_ref().err().cloned());
        self.memo.set(draft.memo.with_untracked(|memo| describe::memo_fault(memo)));
        if any_fault(&[self.to, self.amount, self.memo]) {
            return None;
        }
        Some(PaymentDraft { to: draft.to.get_untracked()?, amount: amount.ok()?, memo: draft.memo.get_untracked() })
    }

    /// Shows a fault at the field that it concerns.
    fn show(self, fault: &DraftFault) {
        let place = match fault {
            DraftFault::ZeroAmount | DraftFault::InsufficientFunds { .. } => self.amount,
            DraftFault::PaymentToSelf | DraftFault::PayeeChanged { .. } => self.to,
            DraftFault::Memo(_) => self.memo,
            DraftFault::NotReady | DraftFault::NoRandomness => self.other,
        };
        place.set(Some(describe::draft_fault(fault)));
        any_fault(&[self.to, self.amount, self.memo]);
    }
}

/// Checks and signs a draft.
fn prepare(wallet: WalletContext, draft: PaymentDraft) -> Result<Review, DraftFault> {
    let payee = wallet.check_payee(&draft.to);
    if let Payee::Changed { was } = payee {
        return Ok(Review::Changed { to: draft.to, was });
    }
    wallet.prepare_payment(draft).map(|payment| Review::Payment { payment: Box::new(payment), payee })
}

fn review_dialog(wallet: WalletContext, draft: Draft, open: RwSignal<bool>, sent: RwSignal<Option<Sent>>) -> View {
    let t = &texts().send;
    let Draft { review, unsure, .. } = draft;
    let task = Task::new();
    let send = move || {
        let Some(Review::Payment { payment, .. }) = review.get_untracked() else { return };
        task.start(async move {
            let result = wallet.send(&payment).await;
            // The draft lies beside the pages, so it knows this even if the wallet was locked meanwhile.
            unsure.set(result.as_ref().is_err_and(is_unsure));
            match result {
                Ok(accepted) => {
                    draft.clear();
                    open.try_set(false);
                    sent.try_set(Some(Sent { draft: payment.draft, accepted }));
                }
                Err(failure) if is_unsure(&failure) => {}
                Err(failure) => return Err(describe::failure(&failure)),
            }
            Ok(())
        });
    };
    let unsure_notice = move || unsure.get().then(|| notice(Tone::Warning, t.unsure_title, el("p").add(t.unsure_text)));
    let buttons = move || {
        let close = move || {
            unsure.set(false);
            open.set(false);
        };
        let (label, other) = if unsure.get() { (t.send_again, t.forget) } else { (t.send_now, texts().parts.cancel) };
        vec![Button::new(other, close).look("plain"), Button::new(label, send).busy(task.busy)]
    };
    let content = move || {
        review.with(|review| match review {
            None => View::Nothing,
            Some(Review::Changed { to, was }) => changed(to, was).view(),
            Some(Review::Payment { payment, payee }) => vec![
                summary(payment).view(),
                unless_unsure(unsure, first_payment(&payment.draft.to.name, payee)),
                unsure_notice.view(),
                fault(task.fault).view(),
                div("actions end").add(buttons).view(),
            ]
            .view(),
        })
    };
    dialog(open, t.review_title, Some(task.busy), move || content.view())
}

/// What is worth showing as long as the payment has not been sent.
fn unless_unsure(unsure: RwSignal<bool>, shown: Option<El>) -> View {
    (move || shown.clone().filter(|_| !unsure.get())).view()
}

/// Whether the payment may have arrived although it failed.
fn is_unsure(failure: &Failure) -> bool {
    failure.is_passing() || matches!(failure, Failure::Unreadable(_)) || failure.code() == Some(ProblemCode::Internal)
}

fn summary(payment: &PreparedPayment) -> El {
    let t = &texts().send;
    let PaymentDraft { to, amount, memo } = &payment.draft;
    let payee = vec![bdi("", &to.name), el("br"), bdi("quiet", &to.email)];
    let figure = |id: &str, amount| span("").attr("data-testid", id).add(money(amount, Sign::None));
    classed("dl", "facts")
        .add(fact_of(t.review_to, payee))
        .add(fact_of(t.review_amount, figure("review-amount", *amount)).attr("class", "total"))
        .add((!memo.trim().is_empty()).then(|| fact(t.review_memo, "", memo.trim())))
        .add(fact_of(t.review_after, figure("review-after", payment.resulting)))
}

fn first_payment(name: &str, payee: &Payee) -> Option<El> {
    let t = &texts().send;
    let Payee::New { words } = payee else { return None };
    let words = words_in("fingerprint", words.split(' ').map(str::to_owned));
    let content = vec![el("p").add(fill(t.first_text, &[name])), words];
    Some(notice(Tone::Quiet, &fill(t.first_title, &[name]), content))
}

fn changed(to: &MemberView, was: &Address) -> El {
    let t = &texts().send;
    notice(Tone::Danger, t.changed_title, el("p").add(fill(t.changed_text, &[&to.name, &was.to_string()])))
}

/// What has become of the payment: accepted, then confirmed, live.
fn follow(wallet: WalletContext, done: Sent, sent: RwSignal<Option<Sent>>) -> View {
    let t = &texts().send;
    let Sent { draft, accepted } = done;
    let block = Memo::new(move |_| {
        let sealed = wallet.with_movements(|movements| {
            movements?.iter().find(|movement| movement.number == Some(accepted.number))?.block
        });
        accepted.block.or(sealed).map(u64::from)
    });
    focus_heading();
    let sign = move || {
        let (class, picture) = match block.get() {
            Some(_) => ("done-sign confirmed", Icon::Check),
            None => ("done-sign", Icon::Clock),
        };
        span(class).attr("aria-hidden", "true").add(icon(picture))
    };
    let title = move || if block.get().is_some() { t.confirmed_title } else { t.sent_title };
    let status = move || match block.get() {
        Some(block) => span("status confirmed").add(fill(t.in_block, &[&block.to_string()])),
        None => span("status pending").add(t.waiting),
    };
    let actions = div("actions")
        .add(link("button plain", Page::Wallet.path()).add(t.to_wallet))
        .add(Button::new(t.pay_another, move || sent.set(None)));
    classed("section", "panel done")
        .add(sign)
        .add(el("h1").attr("tabindex", "-1").add(title))
        .add(el("p").add(money(draft.amount, Sign::None)))
        .add(p("quiet").add(t.sent_to).add(" ").add(bdi("", &draft.to.name)))
        .add(el("p").attr("role", "status").attr("data-testid", "payment-status").add(status))
        .add(actions)
        .view()
}
