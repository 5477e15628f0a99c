//! The treasury: credits, issue, burn, refunds, requests for repayment, proposals and the statement.

use super::Leader;
use super::diagnose::read_payment;
use super::error::ApiError;
use super::extract::{Body, Json, Name, Parameters, page_entries, read_body};
use super::{transactions::check_version, views};
use crate::identity::{Granted, MemberSession, right};
use crate::treasury::{self, CreditFile, Cursor, Effect, Line, Outcome, ProposalQuery, TreasuryError, effect};
use axum::body::{Body as Stream, Bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::IntoResponse;
use qoin_core::api::account::{Movement, MovementKind};
use qoin_core::api::admin::treasury::{
    BURNS_PATH, CREDIT_FILES_PATH, ChangeSupply, CreditFileAnswer, CreditFileOutcome, Decide, ISSUES_PATH,
    OWN_REPAYMENTS_PATH, PROPOSALS_PATH, ProposalView, ProposalsPage, REFUNDS_PATH, REPAYMENTS_PATH, Refund,
    RepaymentView, RepaymentsPage, RequestRepayment, STATEMENT_EXPORT_PATH, STATEMENT_PATH, StatementEntry,
    StatementPage, TREASURY_PATH, TreasuryAnswer, TreasuryView,
};
use qoin_core::api::admin::{CREDITS_PATH, Credit};
use qoin_core::api::problem::{Problem, ProblemCode};
use qoin_core::api::transactions::{AcceptedView, SubmitTransaction};
use qoin_core::decimals::Decimals;
use qoin_core::limits::CREDIT_FILE_BYTES_MAX;
use qoin_core::payment_id::PaymentId;
use serde::Deserialize;
use std::io;
use std::sync::Arc;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use utoipa::IntoParams;

const PROPOSAL_PATH: &str = "/api/v1/admin/proposals/{number}";
const APPROVAL_PATH: &str = "/api/v1/admin/proposals/{number}/approval";
const REFUSAL_PATH: &str = "/api/v1/admin/proposals/{number}/refusal";
const REPAYMENT_PATH: &str = "/api/v1/admin/repayments/{number}";
const OWN_REPAYMENT_PATH: &str = "/api/v1/account/repayments/{number}";
/// How many lines of the statement are read at a time for a file.
const EXPORT_PAGE: usize = 500;
/// How many pieces of a file may wait to be sent.
const EXPORT_PIECES: usize = 4;

/// The system account, what can be paid out of it, and what waits.
#[utoipa::path(
    get,
    path = TREASURY_PATH,
    tag = "treasury",
    security(("session" = ["view_treasury"]), ("operator" = [])),
    responses((status = 200, body = TreasuryView), (status = "4XX", body = Problem)),
)]
pub async fn show_treasury(granted: Granted<right::ViewTreasury>) -> Result<axum::Json<TreasuryView>, ApiError> {
    Ok(axum::Json(granted.treasury()?))
}

/// Pays a member out of the system account. Sent again with the same payment id, it is answered as the first time. Above
/// the approval limit it waits for a second administrator.
#[utoipa::path(
    post,
    path = CREDITS_PATH,
    tag = "treasury",
    request_body = Credit,
    security(("session" = ["credit"]), ("operator" = [])),
    responses(
        (status = 201, description = "Done now", body = TreasuryAnswer),
        (status = 200, description = "Done before", body = TreasuryAnswer),
        (status = 202, description = "It waits for a second administrator", body = TreasuryAnswer),
        (status = "4XX", body = Problem),
        (status = 503, body = Problem),
    ),
)]
pub async fn credit_member(granted: Granted<right::Credit>, Body(body): Body) -> Result<Answer, ApiError> {
    let outcome = granted.credit(read_payment(&body)?).await?;
    answer(&granted, outcome)
}

/// Makes money on the system account. Sent again with the same payment id, it is answered as the first time. Above the
/// approval limit it waits for a second administrator.
#[utoipa::path(
    post,
    path = ISSUES_PATH,
    tag = "treasury",
    request_body = ChangeSupply,
    security(("session" = ["issue"]), ("operator" = [])),
    responses(
        (status = 201, description = "Done now", body = TreasuryAnswer),
        (status = 200, description = "Done before", body = TreasuryAnswer),
        (status = 202, description = "It waits for a second administrator", body = TreasuryAnswer),
        (status = "4XX", body = Problem),
        (status = 503, body = Problem),
    ),
)]
pub async fn issue(granted: Granted<right::Issue>, Body(body): Body) -> Result<Answer, ApiError> {
    let outcome = granted.issue(read_payment(&body)?).await?;
    answer(&granted, outcome)
}

/// Destroys money of the system account. Sent again with the same payment id, it is answered as the first time. Above
/// the approval limit it waits for a second administrator.
#[utoipa::path(
    post,
    path = BURNS_PATH,
    tag = "treasury",
    request_body = ChangeSupply,
    security(("session" = ["burn"]), ("operator" = [])),
    responses(
        (status = 201, description = "Done now", body = TreasuryAnswer),
        (status = 200, description = "Done before", body = TreasuryAnswer),
        (status = 202, description = "It waits for a second administrator", body = TreasuryAnswer),
        (status = "4XX", body = Problem),
        (status = 503, body = Problem),
    ),
)]
pub async fn burn(granted: Granted<right::Burn>, Body(body): Body) -> Result<Answer, ApiError> {
    let outcome = granted.burn(read_payment(&body)?).await?;
    answer(&granted, outcome)
}

/// Gives back what a member paid into the system account, in whole or in part; all refunds of one payment together never
/// more than it. What the system account paid out cannot be taken back by anybody but the member: request its repayment.
#[utoipa::path(
    post,
    path = REFUNDS_PATH,
    tag = "treasury",
    request_body = Refund,
    security(("session" = ["reverse"]), ("operator" = [])),
    responses(
        (status = 201, description = "Done now", body = TreasuryAnswer),
        (status = 200, description = "Done before", body = TreasuryAnswer),
        (status = 202, description = "It waits for a second administrator", body = TreasuryAnswer),
        (status = "4XX", body = Problem),
        (status = 503, body = Problem),
    ),
)]
pub async fn refund(granted: Granted<right::Reverse>, Body(body): Body) -> Result<Answer, ApiError> {
    let outcome = granted.refund(read_payment(&body)?).await?;
    answer(&granted, outcome)
}

type Answer = (StatusCode, axum::Json<TreasuryAnswer>);

fn answer<R: crate::identity::Right>(granted: &Granted<R>, outcome: Outcome) -> Result<Answer, ApiError> {
    let (status, answer) = match outcome {
        Outcome::Paid(accepted) => (StatusCode::CREATED, TreasuryAnswer::Accepted(views::accepted(&accepted))),
        Outcome::PaidBefore(accepted) => (StatusCode::OK, TreasuryAnswer::Accepted(views::accepted(&accepted))),
        Outcome::Waiting(number) => (StatusCode::ACCEPTED, TreasuryAnswer::Waiting(granted.proposal(number)?)),
    };
    Ok((status, axum::Json(answer)))
}

/// What to do with a file of credits.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct CreditFileQuery {
    /// The file's name for ever, 32 hexadecimal digits: the same file under the same name is paid once.
    #[param(value_type = String)]
    batch: PaymentId,
    /// Whether to tell only what would come of it.
    #[serde(default)]
    dry_run: bool,
    /// Why, for the record.
    reason: Option<String>,
}

/// Pays a file of credits: `email-or-address,amount[,memo]`, a credit a line (RFC 4180, UTF-8), amounts in whole units
/// with decimals. All of it is paid in one commit or nothing: bad rows, or a total above what the system account can pay,
/// refuse the whole file. At most 100,000 credits and 16 MiB.
#[utoipa::path(
    post,
    path = CREDIT_FILES_PATH,
    tag = "treasury",
    params(CreditFileQuery),
    request_body(content = String, content_type = "text/csv"),
    security(("session" = ["credit"]), ("operator" = [])),
    responses(
        (status = 201, description = "All was paid", body = CreditFileAnswer),
        (status = 200, description = "A dry run, or all was paid before", body = CreditFileAnswer),
        (status = 202, description = "It waits for a second administrator", body = CreditFileAnswer),
        (status = "4XX", body = Problem),
        (status = 503, body = Problem),
    ),
)]
pub async fn credit_file(
    State(leader): State<Arc<Leader>>,
    granted: Granted<right::Credit>,
    Parameters(query): Parameters<CreditFileQuery>,
    request: Request,
) -> Result<(StatusCode, axum::Json<CreditFileAnswer>), ApiError> {
    let _place = leader.batches.place()?;
    let content = read_body(request.into_body(), CREDIT_FILE_BYTES_MAX).await?;
    let CreditFileQuery { batch, dry_run, reason } = query;
    let answer = granted.credit_file(CreditFile { batch, content, reason, dry_run }).await?;
    let status = match answer.outcome {
        CreditFileOutcome::Paid => StatusCode::CREATED,
        CreditFileOutcome::Waiting => StatusCode::ACCEPTED,
        CreditFileOutcome::Payable | CreditFileOutcome::NotPayable | CreditFileOutcome::PaidBefore => StatusCode::OK,
    };
    Ok((status, axum::Json(answer)))
}

/// Which proposals.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ProposalsQuery {
    /// Only those that wait.
    #[serde(default)]
    open: bool,
    /// Only those before the one with this number.
    before: Option<u64>,
    /// How many at most, 1 to 200; 50 if absent.
    limit: Option<u32>,
}

/// What was proposed to a second administrator, newest first.
#[utoipa::path(
    get,
    path = PROPOSALS_PATH,
    tag = "treasury",
    params(ProposalsQuery),
    security(("session" = ["view_treasury"]), ("operator" = [])),
    responses((status = 200, body = ProposalsPage), (status = "4XX", body = Problem)),
)]
pub async fn list_proposals(
    granted: Granted<right::ViewTreasury>,
    Parameters(query): Parameters<ProposalsQuery>,
) -> Result<axum::Json<ProposalsPage>, ApiError> {
    let ProposalsQuery { open, before, limit } = query;
    Ok(axum::Json(granted.proposals(ProposalQuery { open, before, limit: page_entries(limit)? })?))
}

/// One proposal.
#[utoipa::path(
    get,
    path = PROPOSAL_PATH,
    tag = "treasury",
    params(("number" = u64, Path, description = "Its number")),
    security(("session" = ["view_treasury"]), ("operator" = [])),
    responses((status = 200, body = ProposalView), (status = "4XX", body = Problem)),
)]
pub async fn show_proposal(
    granted: Granted<right::ViewTreasury>,
    Name(number): Name<u64>,
) -> Result<axum::Json<ProposalView>, ApiError> {
    Ok(axum::Json(granted.proposal(number)?))
}

/// Withdraws what one proposed oneself.
#[utoipa::path(
    delete,
    path = PROPOSAL_PATH,
    tag = "treasury",
    params(("number" = u64, Path, description = "Its number")),
    security(("session" = ["credit"]), ("operator" = [])),
    responses((status = 200, body = ProposalView), (status = "4XX", body = Problem)),
)]
pub async fn withdraw_proposal(
    granted: Granted<right::Credit>,
    Name(number): Name<u64>,
) -> Result<axum::Json<ProposalView>, ApiError> {
    Ok(axum::Json(granted.withdraw_proposal(number, Decide::default()).await?))
}

/// Approves what somebody else proposed: it is done in the same commit, exactly once.
#[utoipa::path(
    post,
    path = APPROVAL_PATH,
    tag = "treasury",
    params(("number" = u64, Path, description = "Its number")),
    request_body = Decide,
    security(("session" = ["approve"]), ("operator" = [])),
    responses((status = 200, body = ProposalView), (status = "4XX", body = Problem), (status = 503, body = Problem)),
)]
pub async fn approve_proposal(
    granted: Granted<right::Approve>,
    Name(number): Name<u64>,
    Json(decide): Json<Decide>,
) -> Result<axum::Json<ProposalView>, ApiError> {
    Ok(axum::Json(granted.approve(number, decide).await?))
}

/// Declines what somebody else proposed.
#[utoipa::path(
    post,
    path = REFUSAL_PATH,
    tag = "treasury",
    params(("number" = u64, Path, description = "Its number")),
    request_body = Decide,
    security(("session" = ["approve"]), ("operator" = [])),
    responses((status = 200, body = ProposalView), (status = "4XX", body = Problem)),
)]
pub async fn decline_proposal(
    granted: Granted<right::Approve>,
    Name(number): Name<u64>,
    Json(decide): Json<Decide>,
) -> Result<axum::Json<ProposalView>, ApiError> {
    Ok(axum::Json(granted.decline(number, decide).await?))
}

/// Asks a member to pay back a credit, in whole or in part. The member's wallet shows it and pays it, if the member
/// wishes: nobody else can move a member's money.
#[utoipa::path(
    post,
    path = REPAYMENTS_PATH,
    tag = "treasury",
    request_body = RequestRepayment,
    security(("session" = ["reverse"]), ("operator" = [])),
    responses((status = 201, body = RepaymentView), (status = "4XX", body = Problem)),
)]
pub async fn request_repayment(
    granted: Granted<right::Reverse>,
    Body(body): Body,
) -> Result<(StatusCode, axum::Json<RepaymentView>), ApiError> {
    Ok((StatusCode::CREATED, axum::Json(granted.request_repayment(read_payment(&body)?).await?)))
}

/// Which requests.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct RepaymentsQuery {
    /// Only those before the one with this number.
    before: Option<u64>,
    /// How many at most, 1 to 200; 50 if absent.
    limit: Option<u32>,
}

/// Requests for repayment, newest first.
#[utoipa::path(
    get,
    path = REPAYMENTS_PATH,
    tag = "treasury",
    params(RepaymentsQuery),
    security(("session" = ["view_treasury"]), ("operator" = [])),
    responses((status = 200, body = RepaymentsPage), (status = "4XX", body = Problem)),
)]
pub async fn list_repayments(
    granted: Granted<right::ViewTreasury>,
    Parameters(query): Parameters<RepaymentsQuery>,
) -> Result<axum::Json<RepaymentsPage>, ApiError> {
    Ok(axum::Json(granted.repayments(query.before, page_entries(query.limit)?)?))
}

/// Withdraws a request for repayment that was not paid.
#[utoipa::path(
    delete,
    path = REPAYMENT_PATH,
    tag = "treasury",
    params(("number" = u64, Path, description = "Its number")),
    security(("session" = ["reverse"]), ("operator" = [])),
    responses((status = 200, body = RepaymentView), (status = "4XX", body = Problem)),
)]
pub async fn withdraw_repayment(
    granted: Granted<right::Reverse>,
    Name(number): Name<u64>,
) -> Result<axum::Json<RepaymentView>, ApiError> {
    Ok(axum::Json(granted.withdraw_repayment(number, Decide::default()).await?))
}

/// What the session's member is asked to pay back.
#[utoipa::path(
    get,
    path = OWN_REPAYMENTS_PATH,
    tag = "account",
    security(("session" = [])),
    responses((status = 200, body = RepaymentsPage), (status = "4XX", body = Problem)),
)]
pub async fn list_own_repayments(session: MemberSession) -> Result<axum::Json<RepaymentsPage>, ApiError> {
    Ok(axum::Json(session.repayments()?))
}

/// Pays a request for repayment with a transfer of exactly its amount to the system account, signed by its member. Sent
/// again, it is answered as the first time.
#[utoipa::path(
    post,
    path = OWN_REPAYMENT_PATH,
    tag = "account",
    params(("number" = u64, Path, description = "The request's number")),
    request_body = SubmitTransaction,
    security(("session" = [])),
    responses(
        (status = 201, description = "Accepted now", body = AcceptedView),
        (status = 200, description = "Accepted before", body = AcceptedView),
        (status = "4XX", body = Problem),
        (status = 503, body = Problem),
    ),
)]
pub async fn pay_repayment(
    State(leader): State<Arc<Leader>>,
    session: MemberSession,
    Name(number): Name<u64>,
    Body(body): Body,
) -> Result<(StatusCode, axum::Json<AcceptedView>), ApiError> {
    let request: SubmitTransaction = read_payment(&body)?;
    check_version(&request.transaction.transaction)?;
    let accepted = session.pay_repayment(number, request).await?;
    super::transactions::accepted(&leader, Ok(accepted))
}

/// Which part of the statement.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct StatementQuery {
    /// Only movements before the page with this cursor.
    before: Option<String>,
    /// How many at most, 1 to 200; 50 if absent.
    limit: Option<u32>,
}

/// The system account's statement, newest first, with what was there after each movement and who caused it.
#[utoipa::path(
    get,
    path = STATEMENT_PATH,
    tag = "treasury",
    params(StatementQuery),
    security(("session" = ["view_treasury"]), ("operator" = [])),
    responses((status = 200, body = StatementPage), (status = "4XX", body = Problem)),
)]
pub async fn show_statement(
    State(leader): State<Arc<Leader>>,
    granted: Granted<right::ViewTreasury>,
    Parameters(query): Parameters<StatementQuery>,
) -> Result<axum::Json<StatementPage>, ApiError> {
    let before = query.before.as_deref().map(str::parse::<Cursor>).transpose()?;
    let statement = granted.statement(before, page_entries(query.limit)?)?;
    let entries = statement.lines.into_iter().map(|line| entry(&leader, line)).collect();
    Ok(axum::Json(StatementPage { entries, next: statement.next.map(|cursor| cursor.to_string()) }))
}

fn entry(leader: &Leader, line: Line) -> StatementEntry {
    let Line { entry, balance_after, caused_by, refund_of, reversed } = line;
    let movement = views::movement(leader, &leader.ledger.genesis().system, entry);
    StatementEntry { movement, balance_after, caused_by, refund_of, reversed }
}

/// How the statement is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ExportFormat {
    /// Comma-separated values, for a spreadsheet. Amounts in whole units, exact.
    Csv,
    /// A [`StatementEntry`] a line. Amounts in smallest units.
    Jsonl,
}

/// In which form.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ExportQuery {
    /// `csv` or `jsonl`.
    #[param(value_type = String)]
    format: ExportFormat,
}

/// The whole statement as a file, newest first. In CSV, cells that a spreadsheet could take for a formula begin with an
/// apostrophe.
#[utoipa::path(
    get,
    path = STATEMENT_EXPORT_PATH,
    tag = "treasury",
    params(ExportQuery),
    security(("session" = ["view_treasury"]), ("operator" = [])),
    responses(
        (status = 200, description = "The file", content_type = "text/csv", body = String),
        (status = "4XX", body = Problem),
    ),
)]
pub async fn export_statement(
    State(leader): State<Arc<Leader>>,
    _: Granted<right::ViewTreasury>,
    Parameters(query): Parameters<ExportQuery>,
) -> Result<impl IntoResponse, ApiError> {
    let (sender, receiver) = mpsc::channel::<io::Result<Bytes>>(EXPORT_PIECES);
    let format = query.format;
    tokio::task::spawn_blocking(move || {
        let mut before = None;
        let mut head = (format == ExportFormat::Csv).then(|| HEADINGS.map(str::to_owned));
        loop {
            let statement = treasury::statement(&leader.identity, before, EXPORT_PAGE);
            let piece = statement.map_err(io::Error::other).and_then(|statement| {
                let next = statement.next;
                Ok((write(&leader, format, head.take(), statement.lines)?, next))
            });
            let (piece, next) = match piece {
                Ok((piece, next)) => (Ok(piece), next),
                Err(error) => {
                    tracing::warn!(%error, "a statement was not finished");
                    (Err(error), None)
                }
            };
            // Nobody may be there any more.
            if sender.blocking_send(piece).is_err() || next.is_none() || leader.stopping.is_cancelled() {
                return;
            }
            before = next;
        }
    });
    let (kind, name) = match format {
        ExportFormat::Csv => ("text/csv; charset=utf-8", "attachment; filename=\"system-account.csv\""),
        ExportFormat::Jsonl => ("application/x-ndjson", "attachment; filename=\"system-account.jsonl\""),
    };
    let headers = [(header::CONTENT_TYPE, kind), (header::CONTENT_DISPOSITION, name)];
    let headers = headers.map(|(header, value)| (header, HeaderValue::from_static(value)));
    Ok((headers, Stream::from_stream(ReceiverStream::new(receiver))))
}

const HEADINGS: [&str; 14] = [
    "number",
    "time",
    "kind",
    "in",
    "out",
    "balance_after",
    "party",
    "party_email",
    "party_address",
    "memo",
    "caused_by",
    "refund_of",
    "block",
    "transaction_id",
];

fn write(
    leader: &Leader,
    format: ExportFormat,
    head: Option<[String; HEADINGS.len()]>,
    lines: Vec<Line>,
) -> io::Result<Bytes> {
    if format == ExportFormat::Jsonl {
        let mut text = Vec::new();
        for line in lines {
            serde_json::to_writer(&mut text, &entry(leader, line))?;
            text.push(b'\n');
        }
        return Ok(text.into());
    }
    let genesis = leader.ledger.genesis();
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
    if let Some(head) = head {
        writer.write_record(head)?;
    }
    for line in lines {
        let moved = effect(&line.entry, &genesis.system);
        writer.write_record(cells(entry(leader, line), moved, genesis.genesis.decimals).map(plain))?;
    }
    writer.into_inner().map(Bytes::from).map_err(|error| io::Error::other(error.to_string()))
}

fn cells(entry: StatementEntry, moved: Effect, decimals: Decimals) -> [String; HEADINGS.len()] {
    let StatementEntry { movement, balance_after, caused_by, refund_of, .. } = entry;
    let Movement { kind, party, memo, at_us, block, number, transaction_id, .. } = movement;
    let amount = |amount: qoin_core::amount::Amount| amount.display(decimals).to_string();
    let (into, out) = match moved {
        Effect::In(moved) => (amount(moved), String::new()),
        Effect::Out(moved) => (String::new(), amount(moved)),
        Effect::None => (String::new(), String::new()),
    };
    let (name, email, address) =
        party.map_or_else(Default::default, |party| (party.name, party.email, Some(party.address.to_string())));
    [
        number.map(|number| number.to_string()).unwrap_or_default(),
        time(at_us),
        kind_name(kind).to_owned(),
        into,
        out,
        balance_after.map(amount).unwrap_or_default(),
        name.unwrap_or_default(),
        email.unwrap_or_default(),
        address.unwrap_or_default(),
        memo.map(|memo| memo.text().to_owned()).unwrap_or_default(),
        caused_by.unwrap_or_default(),
        refund_of.map(|number| number.to_string()).unwrap_or_default(),
        block.map(|block| block.to_string()).unwrap_or_default(),
        transaction_id.map(|id| id.to_string()).unwrap_or_default(),
    ]
}

const fn kind_name(kind: MovementKind) -> &'static str {
    match kind {
        MovementKind::Sent => "paid_out",
        MovementKind::Received => "paid_in",
        MovementKind::Reward => "reward",
        MovementKind::AccountOpened => "account_opened",
        MovementKind::KeyRotated => "key_rotated",
        MovementKind::RotationCancelled => "rotation_cancelled",
        MovementKind::RecoverableSet => "recoverable_set",
        MovementKind::Issued => "issued",
        MovementKind::Burned => "burned",
        MovementKind::LeaderReplaced => "leader_replaced",
    }
}

/// A moment as spreadsheets read it: `2026-11-24 23:34:12` in UTC, with microseconds.
fn time(at_us: u64) -> String {
    let stamp = crate::host::stamp(at_us / 1_000);
    let (date, clock) = stamp.split_once('-').unwrap_or((&stamp, ""));
    let (year, month, day) = (date.get(..4), date.get(4..6), date.get(6..));
    let (hour, minute, second) = (clock.get(..2), clock.get(2..4), clock.get(4..));
    let part = |part: Option<&str>| part.unwrap_or_default().to_owned();
    format!(
        "{}-{}-{} {}:{}:{}.{:06}",
        part(year),
        part(month),
        part(day),
        part(hour),
        part(minute),
        part(second),
        at_us % 1_000_000
    )
}

/// A cell that no spreadsheet takes for a formula.
fn plain(cell: String) -> String {
    if cell.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{cell}") } else { cell }
}

impl From<TreasuryError> for ApiError {
    fn from(error: TreasuryError) -> Self {
        use treasury::Refusal;
        let refusal = match error {
            TreasuryError::Refused(refusal) => refusal,
            TreasuryError::Identity(error) => return error.into(),
            TreasuryError::Ledger(error) => return error.into(),
            error => return Self::internal(error),
        };
        let code = match &refusal {
            Refusal::OtherOrder => ProblemCode::PaymentIdConflict,
            Refusal::BeyondSystemAccount { .. } => ProblemCode::InsufficientFunds,
            Refusal::Rows { .. } | Refusal::NoRows | Refusal::TooManyRows => ProblemCode::RowsRefused,
            Refusal::NoRecord(_) | Refusal::NoProposal(_) | Refusal::NoRepayment(_) => ProblemCode::NotFound,
            Refusal::NotPaidIn(_) | Refusal::NotPaidOut(_) => ProblemCode::NotReversible,
            Refusal::AboveOriginal { .. } => ProblemCode::AboveOriginal,
            Refusal::Decided { .. } | Refusal::RepaymentDone { .. } => ProblemCode::AlreadyDecided,
            Refusal::OwnProposal | Refusal::ForeignProposal => ProblemCode::OtherAdministratorNeeded,
            Refusal::TooManyProposals | Refusal::TooManyRepayments => ProblemCode::TooManyRequests,
            Refusal::OtherPayment { .. } | Refusal::NoReason => ProblemCode::MalformedRequest,
        };
        Self::new(code, refusal)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_could_be_a_formula_is_a_text() {
        for cell in ["=1+1", "+1", "-1", "@x", "\t=1"] {
            assert_eq!(plain(cell.into()), format!("'{cell}"));
        }
        assert_eq!(plain("a=1".into()), "a=1");
    }

    #[test]
    fn moments_are_told_in_utc() {
        assert_eq!(time(1_795_563_252_000_007), "2026-11-24 23:34:12.000007");
    }
}
