//! The only code that fetches: every call of the leader's API that the app makes, typed by what `qoin-core` says of it.
//!
//! The website turns the session's token into a cookie, which the browser sends by itself; no token passes through here.
//! Bodies are never logged.

pub mod admin;

use crate::wallet::{Failure, services::KeyOf};
use gloo_net::http::{Method, RequestBuilder};
use qoin_core::api::{
    account::{ACCOUNT_PATH, AccountView, HISTORY_PATH, HistoryPage},
    admin::members::{OPEN_RECOVERY_PATH, RecoveryOpened, RecoveryToken, RecoveryUsed, USE_RECOVERY_PATH, UseRecovery},
    blocks::{HEADERS_PATH, HeadersPage},
    currency::{CURRENCY_PATH, CurrencyView},
    events::EVENTS_PATH,
    invitations::{ACCEPT_INVITATION_PATH, AcceptInvitation, InvitationOpened, InvitationToken, OPEN_INVITATION_PATH},
    members::{MEMBERS_PATH, MembersPage},
    mining::{JoinMining, MINING_PATH, MiningJoined, ShareTaken, SubmitShare, shares_path},
    problem::Problem,
    recovery::{CHALLENGE_PATH, RECOVERY_PATH, Recover, RecoveryChallenge, RecoveryRequest},
    registration::{REGISTRATION_PATH, Register},
    restores::{RESTORES_PATH, RestoresView},
    services::{DeclareService, SERVICE_KEY_PATH, SERVICE_PATH, SERVICES_PATH, ServiceDeclared, ServicesPage},
    sessions::{
        CURRENT_SESSION_PATH, PARAMETERS_PATH, PASSWORD_PATH, ParametersRequest, PasswordParameters, ReplacePassword,
        SESSIONS_PATH, SessionOpened, SessionView, SignIn,
    },
    transactions::{AcceptedView, SubmitTransaction, TRANSACTIONS_PATH},
};
use serde::{Serialize, de::DeserializeOwned};

/// How long an answer may take, in milliseconds. Afterwards nobody knows whether the request arrived.
const TIMEOUT_MS: u32 = 15_000;

/// The currency; no session needed.
pub async fn currency() -> Result<CurrencyView, Failure> {
    get(CURRENCY_PATH).await
}

/// How an e-mail address's keys are derived from its password.
pub async fn password_parameters(email: &str) -> Result<PasswordParameters, Failure> {
    post(PARAMETERS_PATH, &ParametersRequest { email: email.into() }).await
}

/// Opens a session.
pub async fn open_session(request: &SignIn) -> Result<SessionOpened, Failure> {
    post(SESSIONS_PATH, request).await
}

/// The session that the cookie names.
pub async fn current_session() -> Result<SessionView, Failure> {
    get(CURRENT_SESSION_PATH).await
}

/// Ends the session.
pub async fn close_session() -> Result<(), Failure> {
    call(Method::DELETE, CURRENT_SESSION_PATH, None).await
}

/// Replaces the password, and with a rotation the key.
pub async fn replace_password(request: &ReplacePassword) -> Result<SessionView, Failure> {
    post(PASSWORD_PATH, request).await
}

/// What the key has to sign to set a new password.
pub async fn recovery_challenge(email: &str) -> Result<RecoveryChallenge, Failure> {
    post(CHALLENGE_PATH, &RecoveryRequest { email: email.into() }).await
}

/// Sets a new password and opens a session.
pub async fn recover(request: &Recover) -> Result<SessionOpened, Failure> {
    post(RECOVERY_PATH, request).await
}

/// What a recovery's link says.
pub async fn open_recovery(request: &RecoveryToken) -> Result<RecoveryOpened, Failure> {
    post(OPEN_RECOVERY_PATH, request).await
}

/// Uses a recovery's link.
pub async fn use_recovery(request: &UseRecovery) -> Result<RecoveryUsed, Failure> {
    post(USE_RECOVERY_PATH, request).await
}

/// What an invitation says.
pub async fn open_invitation(token: &str) -> Result<InvitationOpened, Failure> {
    post(OPEN_INVITATION_PATH, &InvitationToken { token: token.into() }).await
}

/// Makes the invited member's account and opens a session.
pub async fn accept_invitation(request: &AcceptInvitation) -> Result<SessionOpened, Failure> {
    post(ACCEPT_INVITATION_PATH, request).await
}

/// Makes an account without an invitation and opens a session.
pub async fn register(request: &Register) -> Result<SessionOpened, Failure> {
    post(REGISTRATION_PATH, request).await
}

/// The account as it is now.
pub async fn account() -> Result<AccountView, Failure> {
    get(ACCOUNT_PATH).await
}

/// A page of the account's history, newest first.
pub async fn history(before: Option<&str>, limit: u32) -> Result<HistoryPage, Failure> {
    let before = before.map(|cursor| format!("&before={}", encoded(cursor))).unwrap_or_default();
    get(&format!("{HISTORY_PATH}?limit={limit}{before}")).await
}

/// Headers from a height on, oldest first.
pub async fn headers(from: u32) -> Result<HeadersPage, Failure> {
    get(&format!("{HEADERS_PATH}?from={from}")).await
}

/// The notices of all restorations of the leader's data.
pub async fn restores() -> Result<RestoresView, Failure> {
    get(RESTORES_PATH).await
}

/// Members whose name or e-mail address fits.
pub async fn members(query: &str, limit: u32) -> Result<MembersPage, Failure> {
    get(&format!("{MEMBERS_PATH}?limit={limit}&query={}", encoded(query))).await
}

/// Hands in a signed transaction.
pub async fn submit(request: &SubmitTransaction) -> Result<AcceptedView, Failure> {
    post(TRANSACTIONS_PATH, request).await
}

/// The member's services.
pub async fn services() -> Result<ServicesPage, Failure> {
    get(SERVICES_PATH).await
}

/// Declares a service, or gives one a new key.
pub async fn new_service_key(of: KeyOf) -> Result<ServiceDeclared, Failure> {
    let (path, request) = match of {
        KeyOf::New(role) => (SERVICES_PATH.to_owned(), Some(DeclareService { role })),
        KeyOf::Known(id) => (SERVICE_KEY_PATH.replace("{id}", &id.to_string()), None),
    };
    post(&path, &request).await
}

/// Ends a service.
pub async fn revoke_service(id: u64) -> Result<(), Failure> {
    call(Method::DELETE, &SERVICE_PATH.replace("{id}", &id.to_string()), None).await
}

/// Joins the leader's miners.
pub async fn join_mining(worker: &str) -> Result<MiningJoined, Failure> {
    post(MINING_PATH, &JoinMining { worker: worker.into() }).await
}

/// Leaves them.
pub async fn leave_mining(miner: u32) -> Result<(), Failure> {
    call(Method::DELETE, &[MINING_PATH, "/", &miner.to_string()].concat(), None).await
}

/// Hands in a share.
pub async fn submit_share(miner: u32, share: &SubmitShare) -> Result<ShareTaken, Failure> {
    post(&shares_path(miner), share).await
}

/// Where the event stream that begins after `position` is.
pub fn events_url(position: &str) -> String {
    format!("{EVENTS_PATH}?after={}", encoded(position))
}

fn encoded(text: &str) -> String {
    js_sys::encode_uri_component(text).into()
}

async fn get<A: DeserializeOwned>(path: &str) -> Result<A, Failure> {
    call(Method::GET, path, None).await
}

async fn post<A: DeserializeOwned>(path: &str, body: &impl Serialize) -> Result<A, Failure> {
    send(Method::POST, path, body).await
}

async fn send<A: DeserializeOwned>(method: Method, path: &str, body: &impl Serialize) -> Result<A, Failure> {
    let body = serde_json::to_string(body).map_err(|error| Failure::Unreadable(error.to_string()))?;
    call(method, path, Some(body)).await
}

async fn call<A: DeserializeOwned>(method: Method, path: &str, body: Option<String>) -> Result<A, Failure> {
    read(&exchange(method, path, body).await?)
}

/// What came back for a request.
struct Answer {
    ok: bool,
    status: u16,
    text: String,
}

async fn exchange(method: Method, path: &str, body: Option<String>) -> Result<Answer, Failure> {
    exchange_within(TIMEOUT_MS, method, path, body.map(|body| ("application/json", body))).await
}

/// Sends a request with a body of this type. Apart from [`call`], so that it is compiled once and not for every type of
/// answer.
async fn exchange_within(
    timeout_ms: u32,
    method: Method,
    path: &str,
    body: Option<(&str, String)>,
) -> Result<Answer, Failure> {
    let timeout = web_sys::AbortSignal::timeout_with_u32(timeout_ms);
    let request =
        RequestBuilder::new(path).method(method).header("accept", "application/json").abort_signal(Some(&timeout));
    let response = match body {
        Some((kind, body)) => request.header("content-type", kind).body(body),
        None => request.build(),
    };
    let response = response.map_err(|_| Failure::Network)?.send().await.map_err(|_| Failure::Network)?;
    let (ok, status) = (response.ok(), response.status());
    let text = response.text().await.map_err(|_| Failure::Network)?;
    Ok(Answer { ok, status, text })
}

fn read<A: DeserializeOwned>(answer: &Answer) -> Result<A, Failure> {
    if !answer.ok {
        return Err(refusal(answer));
    }
    let text = if answer.text.is_empty() { "null" } else { &answer.text };
    serde_json::from_str(text).map_err(|error| unreadable(answer, &error))
}

/// Reads why a request was refused. A server error that is no problem document comes from something between here and
/// the leader, and says no more than silence would.
fn refusal(answer: &Answer) -> Failure {
    match serde_json::from_str::<Problem>(&answer.text) {
        Ok(problem) => Failure::Problem(problem),
        Err(_) if matches!(answer.status, 502..=504) => Failure::Network,
        Err(error) => unreadable(answer, &error),
    }
}

fn unreadable(answer: &Answer, error: &serde_json::Error) -> Failure {
    Failure::Unreadable(format!("status {}, {error}", answer.status))
}

#[cfg(test)]
mod tests {
    use super::*;
    use qoin_core::api::problem::ProblemCode;

    fn read_text<A: DeserializeOwned>(ok: bool, status: u16, text: &str) -> Result<A, Failure> {
        read(&Answer { ok, status, text: text.into() })
    }

    #[test]
    fn answers_are_told_apart() {
        assert_eq!(read_text::<u32>(true, 200, "7"), Ok(7));
        assert_eq!(read_text::<()>(true, 204, ""), Ok(()));
        assert!(matches!(read_text::<u32>(true, 200, "<html>"), Err(Failure::Unreadable(_))));
        let problem = Problem::new(ProblemCode::Busy, "later").retry_after_s(2);
        let text = serde_json::to_string(&problem).unwrap();
        assert_eq!(read_text::<u32>(false, 503, &text), Err(Failure::Problem(problem)));
        assert_eq!(read_text::<u32>(false, 502, "<html>Bad gateway"), Err(Failure::Network));
        assert!(matches!(read_text::<u32>(false, 404, "<html>"), Err(Failure::Unreadable(_))));
    }
}
