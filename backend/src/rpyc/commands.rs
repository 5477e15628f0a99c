//! What the root can be asked. Each command answers a pair of a dictionary and a code, as it always did.

use super::Door;
use super::amounts;
use super::brine::Value;
use super::data::{Data, List, dict};
use super::exception::Exception;
use super::limits::USERS_MAX;
use super::movements;
use super::object::own_object;
use super::reference::{Argument, Reply};
use super::signature::Command;
use crate::identity::{Granted, IdentityError, NewMember, PasswordSession, Refusal, Right, ServiceRefusal, right};
use crate::ledger::LedgerError;
use qoin_core::api::members::MemberView;
use qoin_core::api::services::{DeclareService, ServiceRole, ServiceStatus};
use qoin_core::api::sessions::Role;
use qoin_core::ledger;
use qoin_core::{address::Address, amount::Amount};
use std::net::IpAddr;
use zeroize::Zeroizing;

/// What an accepted payment is answered.
const WILL_BE_ADDED: &str = "Transaction will be added to block";

/// Why a command does not do what it was asked.
enum Failed {
    /// With a code of its own.
    Authentication,
    /// The caller can mend it.
    Refused(String),
    /// The caller cannot.
    Broken,
    /// Python itself would not have called the command.
    Raised(Exception),
}

impl From<Exception> for Failed {
    fn from(exception: Exception) -> Self {
        Self::Raised(exception)
    }
}

impl From<Refusal> for Failed {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::SessionExpired => Self::Authentication,
            refusal => Self::Refused(refusal.to_string()),
        }
    }
}

impl From<LedgerError> for Failed {
    fn from(error: LedgerError) -> Self {
        match error {
            LedgerError::ReadOnly(reason) => {
                tracing::warn!(reason, "a request over RPyC was refused because the ledger is read-only");
                Self::Refused("the ledger accepts nothing until its operator has looked at it".to_owned())
            }
            error => Self::Refused(error.to_string()),
        }
    }
}

impl From<IdentityError> for Failed {
    fn from(error: IdentityError) -> Self {
        match error {
            IdentityError::Refused(refusal) => refusal.into(),
            IdentityError::Ledger(error) => error.into(),
            IdentityError::Failed(failure) => Self::broken(failure),
        }
    }
}

impl From<ServiceRefusal> for Failed {
    fn from(refusal: ServiceRefusal) -> Self {
        match refusal {
            ServiceRefusal::Failed(failure) => Self::broken(failure),
            refusal => Self::Refused(refusal.to_string()),
        }
    }
}

impl Failed {
    fn broken(error: impl std::fmt::Display) -> Self {
        tracing::error!(%error, "a request over RPyC failed");
        Self::Broken
    }
}

/// Runs a command with its arguments in the order of its parameters.
///
/// # Errors
/// A TypeError for arguments that no command takes; what a command refuses is answered.
pub async fn run(
    door: &Door,
    from: IpAddr,
    command: Command,
    arguments: std::vec::IntoIter<Argument>,
) -> Result<Reply, Exception> {
    let call = Call { door, from, arguments };
    let done = match command {
        Command::AuthenticateUser => call.authenticate_user().await,
        Command::Transaction => call.transaction().await,
        Command::History => call.history().await,
        Command::GetAccount => call.get_account().await,
        Command::GetBalance => call.get_balance(),
        Command::GetLastTrs => call.get_last_trs().await,
        Command::ListUsers => call.list_users(),
        Command::MasterCreateUser => call.master_create_user().await,
        Command::MasterCredit => call.master_credit().await,
        Command::DeclareService => call.declare_service().await,
        Command::ServiceRefreshKey => call.service_refresh_key().await,
        Command::GetServicesStatus => call.get_services_status(),
        Command::Register => return service_pair(call.register()),
        Command::AuthService => return service_pair(call.auth_service()),
    };
    let (answer, code) = match done {
        Ok(done) => done,
        Err(Failed::Raised(exception)) => return Err(exception),
        Err(Failed::Authentication) => {
            (dict([("message", "Authentication failed".into()), ("code", "AUTH_FAIL".into())]), 400)
        }
        Err(Failed::Refused(message)) => (dict([("message", message.into())]), 400),
        Err(Failed::Broken) => (dict([("message", "the leader could not do this; its log says why".into())]), 500),
    };
    Ok(Reply::Tuple(vec![Reply::Data(answer), Reply::Value(Value::Int(code))]))
}

/// The answer of the two commands by which services show themselves: what they give first, or False, and why not last.
fn service_pair(done: Result<Vec<Value>, Failed>) -> Result<Reply, Exception> {
    let refused = |why: String| vec![Value::Bool(false), Value::Int(400), Value::Str(why)];
    Ok(Reply::Value(Value::Tuple(match done {
        Ok(values) => values,
        Err(Failed::Raised(exception)) => return Err(exception),
        Err(Failed::Refused(why)) => refused(why),
        Err(Failed::Authentication) => refused("Authentication failed".to_owned()),
        Err(Failed::Broken) => refused("the leader could not do this; its log says why".to_owned()),
    })))
}

type Done = Result<(Data, i64), Failed>;

/// One call of a command.
struct Call<'a> {
    door: &'a Door,
    from: IpAddr,
    arguments: std::vec::IntoIter<Argument>,
}

impl Call<'_> {
    async fn authenticate_user(mut self) -> Done {
        let (email, password) = (self.text("email")?, Zeroizing::new(self.text("passwd")?));
        let identity = &self.door.0.identity;
        let signed_in = identity.guest(self.from).sign_in_with_password(&email, password).await?;
        let session = identity.password_session(&signed_in.token)?;
        let services = statuses(&session, true);
        Ok((
            dict([
                ("message", "Authentication successful".into()),
                ("token", signed_in.token.as_str().into()),
                ("email", signed_in.email.into()),
                ("name", signed_in.name.into()),
                ("services", services),
            ]),
            201,
        ))
    }

    async fn transaction(mut self) -> Done {
        let session = self.session()?;
        let recipient = self.member("recipient_email")?;
        let amount = self.amount()?;
        session.pay(recipient, amount).await.map_err(|error| self.not_paid(error))?;
        Ok((dict([("message", WILL_BE_ADDED.into())]), 200))
    }

    async fn history(mut self) -> Done {
        let session = self.session()?;
        let movements = self.movements(session.address()).await?;
        Ok((dict([("history", movements::by_time(movements))]), 200))
    }

    async fn get_account(mut self) -> Done {
        let session = self.session()?;
        let movements = self.movements(session.address()).await?;
        let balance = self.balance(session.address())?;
        let account = dict([("history", movements::by_time(movements)), ("balance", balance)]);
        Ok((dict([("account", account)]), 200))
    }

    fn get_balance(mut self) -> Done {
        let session = self.session()?;
        Ok((dict([("balance", self.balance(session.address())?)]), 200))
    }

    async fn get_last_trs(mut self) -> Done {
        let session = self.session()?;
        let since = self.time("ts")?;
        let movements = self.movements(session.address()).await?;
        let last = movements.into_iter().filter(|movement| movement.ts >= since).map(|movement| movement.data);
        Ok((dict([("lastTransactions", Data::List(List::new(last.collect())))]), 200))
    }

    fn list_users(mut self) -> Done {
        let session = self.session()?;
        let page = self.door.0.identity.members("", None, USERS_MAX);
        let others = page.map(|page| page.members).unwrap_or_default();
        let users = others
            .into_iter()
            .filter(|member| member.address != session.address())
            .map(|MemberView { name, email, .. }| dict([("name", name.into()), ("email", email.into())]));
        Ok((dict([("users", Data::List(List::new(users.collect())))]), 200))
    }

    async fn master_create_user(mut self) -> Done {
        let master = self.master::<right::CreateMember>()?;
        let (name, email) = (self.text("name")?, self.text("email")?);
        let password = Zeroizing::new(self.text("passwd")?);
        let role = match self.value()? {
            Value::Bool(true) | Value::Int(1) => Role::Administrator,
            Value::Bool(false) | Value::Int(0) | Value::None => Role::Member,
            _ => return Err(Failed::Refused("admin must be True or False".to_owned())),
        };
        let made = master.make_member(NewMember { name, email, password, role, first_password: true }).await?;
        Ok((dict([("message", format!("User {} created", made.email).into())]), 200))
    }

    async fn master_credit(mut self) -> Done {
        let master = self.master::<right::Credit>()?;
        let recipient = self.member("recipient_email")?;
        let amount = self.amount()?;
        master.credit_anew(recipient, amount).await.map_err(|error| self.not_paid(error))?;
        Ok((dict([("message", WILL_BE_ADDED.into())]), 200))
    }

    async fn declare_service(mut self) -> Done {
        let session = self.session()?;
        let role = self.role()?;
        let declared = session.declare_service(DeclareService { role }).await?;
        Ok((dict([("message", format!("Service {role} declared").into()), ("serviceKey", declared.key.into())]), 200))
    }

    async fn service_refresh_key(mut self) -> Done {
        let session = self.session()?;
        let key = self.text("key")?;
        let number = session.service_with_key(&key).map_err(|refusal| Failed::Refused(refusal.to_string()))?;
        let declared = session.refresh_service_key(number).await?;
        Ok((dict([("key", declared.key.into())]), 200))
    }

    fn get_services_status(mut self) -> Done {
        let session = self.session()?;
        Ok((dict([("statuses", statuses(&session, false))]), 200))
    }

    fn register(mut self) -> Result<Vec<Value>, Failed> {
        let host = self.text("host")?;
        let port = match self.value()? {
            Value::Int(port) => u16::try_from(port).ok(),
            Value::Str(port) => port.parse().ok(),
            _ => None,
        };
        let port = port.ok_or_else(|| Failed::Refused("port must be a whole number from 1 to 65535".to_owned()))?;
        let role = self.role()?;
        let token = self.door.0.identity.register(self.from, &host, port, role)?;
        Ok(vec![Value::Str(token), Value::Int(200)])
    }

    fn auth_service(mut self) -> Result<Vec<Value>, Failed> {
        let (token, email, key) = (self.text("token")?, self.text("owner_email")?, self.text("key")?);
        self.door.0.identity.auth_service(self.from, &token, &email, &key)?;
        Ok(vec![Value::Bool(true), Value::Int(200), Value::str("")])
    }

    fn next(&mut self) -> Argument {
        self.arguments.next().unwrap_or(Argument::Value(Value::None))
    }

    /// The next argument, which is no reference.
    fn value(&mut self) -> Result<Value, Failed> {
        match self.next() {
            Argument::Value(value) => Ok(value),
            _ => Err(own_object().into()),
        }
    }

    fn text(&mut self, name: &str) -> Result<String, Failed> {
        match self.value()? {
            Value::Str(text) => Ok(text),
            other => {
                let type_name = Argument::Value(other).type_name();
                Err(Failed::Refused(format!("{name} must be a str, not {type_name}")))
            }
        }
    }

    /// The live session whose token comes next.
    fn session(&mut self) -> Result<PasswordSession, Failed> {
        match self.value()? {
            Value::Str(token) => Ok(self.door.0.identity.password_session(&token)?),
            _ => Err(Failed::Authentication),
        }
    }

    /// A right of whoever has the master key, which comes next.
    fn master<R: Right>(&mut self) -> Result<Granted<R>, Failed> {
        let key = self.text("priv")?;
        let identity = &self.door.0.identity;
        Ok(identity.grant(identity.master(&key, self.from)?))
    }

    /// The account of the member whose e-mail address comes next.
    fn member(&mut self, name: &str) -> Result<Address, Failed> {
        let email = self.text(name)?;
        let member = self.door.0.identity.member_of_email(&email);
        let unknown = || Failed::Refused(format!("no member has the e-mail address {}", shortened(&email)));
        member.map(|member| member.address).ok_or_else(unknown)
    }

    fn amount(&mut self) -> Result<Amount, Failed> {
        let decimals = self.door.0.ledger.genesis().genesis.decimals;
        amounts::read(&self.next(), decimals).map_err(Failed::Refused)
    }

    fn role(&mut self) -> Result<ServiceRole, Failed> {
        let role = self.text("role")?;
        role.parse().map_err(|error: qoin_core::api::services::UnknownRole| Failed::Refused(error.to_string()))
    }

    /// A time in seconds since 1970.
    #[expect(clippy::cast_precision_loss, reason = "seconds have no such digits")]
    fn time(&mut self, name: &str) -> Result<f64, Failed> {
        let time = match self.value()? {
            Value::Int(seconds) => Some(seconds as f64),
            Value::Float(seconds) => Some(seconds),
            Value::Str(seconds) => seconds.trim().parse().ok(),
            _ => None,
        };
        let time = time.filter(|time: &f64| !time.is_nan());
        time.ok_or_else(|| {
            Failed::Refused(format!("{name} must be a time in seconds since 1970, as an int or a float"))
        })
    }

    /// Why a payment was not made, with what there is in whole units.
    fn not_paid(&self, error: IdentityError) -> Failed {
        match error {
            IdentityError::Ledger(LedgerError::Refused(ledger::Refusal::InsufficientFunds { available })) => {
                let available = available.display(self.door.0.ledger.genesis().genesis.decimals);
                Failed::Refused(format!("amount is more than the {available} that are available"))
            }
            error => error.into(),
        }
    }

    fn balance(&self, address: Address) -> Result<Data, Failed> {
        let ledger = &self.door.0.ledger;
        let account = ledger.read().account(&address);
        let account = account.ok_or_else(|| Failed::broken(format_args!("no account is open at {address}")))?.account;
        Ok(amounts::data(account.available(), ledger.genesis().genesis.decimals))
    }

    /// Reads the movements of an account away from the threads that answer requests.
    async fn movements(&self, address: Address) -> Result<Vec<movements::Movement>, Failed> {
        let door = self.door.clone();
        let read = move || movements::of(&door.0.ledger, &door.0.identity, &address);
        tokio::task::spawn_blocking(read).await.map_err(Failed::broken)?.map_err(Failed::broken)
    }
}

/// A member's services: with their roles where `roles` says so.
fn statuses(session: &PasswordSession, roles: bool) -> Data {
    let services = session.service_keys().into_iter().map(|it| {
        // A key from before keys were kept is known by its end only.
        let key = it.key.unwrap_or_else(|| format!("...{}", it.service.key_ends));
        let status = match it.service.status {
            ServiceStatus::Active => "active",
            ServiceStatus::Sleeping => "sleeping",
        };
        let entries = [("key", Data::from(key)), ("status", status.into())];
        if roles {
            let [key, status] = entries;
            dict([("role", it.service.role.name().into()), key, status])
        } else {
            dict(entries)
        }
    });
    Data::List(List::new(services.collect()))
}

/// What someone wrote, as far as it fits a message.
fn shortened(text: &str) -> String {
    const CHARACTERS_MAX: usize = 100;
    let mut shown: String = text.chars().take(CHARACTERS_MAX).collect();
    if text.chars().nth(CHARACTERS_MAX).is_some() {
        shown.push_str("...");
    }
    shown
}
