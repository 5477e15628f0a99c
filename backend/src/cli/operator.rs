//! The operator's commands: what they ask of the leader that runs on this host, and how they tell the answer.
//!
//! They ask by the paths that the administration's pages use, with the rights of whoever may read the data folder. So a
//! command, a page and a script do the same thing and are refused with the same words.

mod key;
mod money;
mod status;
mod table;
mod user;

pub use key::{KeyArguments, key};
pub use money::{CreditArguments, SupplyArguments, burn, credit, issue};
pub use status::status;
pub use table::date;
pub use user::{InviteArguments, UserCommand, invite, user};

use anyhow::{Context, Result, anyhow};
use hyper::Method;
use qoin::config::{Configuration, ServerConfig, Source};
use qoin::leader::keys::DataFolder;
use qoin::operator::{ClientError, OperatorClient};
use qoin_core::amount::Amount;
use qoin_core::api::currency::{CURRENCY_PATH, CurrencyView};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;
use std::io::Write;
use std::path::PathBuf;
use tokio::runtime::Runtime;

/// Which leader is meant.
#[derive(Debug, clap::Args)]
pub struct FolderArguments {
    /// The leader's data folder.
    #[arg(long, value_name = "DIR", default_value = ".qoin")]
    data: PathBuf,
    /// The server's configuration file, which names the data folder.
    #[arg(short, long, value_name = "FILE", conflicts_with = "data")]
    config: Option<PathBuf>,
}

/// What every operator's command takes.
#[derive(Debug, clap::Args)]
pub struct LeaderArguments {
    #[command(flatten)]
    folder: FolderArguments,
    /// Tells the answer, or why there is none, as one line of JSON.
    #[arg(long)]
    json: bool,
}

/// Where members reach the currency.
#[derive(Debug, clap::Args)]
pub struct WebsiteArguments {
    /// The website's address, as members reach it.
    #[arg(long, value_name = "URL", env = "QOIN_WEBSITE", default_value = "http://127.0.0.1:5000")]
    website: String,
}

impl WebsiteArguments {
    /// A link to a page, with a token that no server gets to see before the page shows it.
    fn link(&self, page: &str, token: &str) -> String {
        format!("{}/{page}#{token}", self.website.trim_end_matches('/'))
    }
}

impl FolderArguments {
    /// The data folder.
    pub fn data(&self) -> Result<PathBuf> {
        match &self.config {
            Some(config) => Ok(ServerConfig::of(Source::of_file(config, Vec::new())?)?.host.data),
            None => Ok(self.data.clone()),
        }
    }
}

/// The running leader.
pub struct Leader {
    client: OperatorClient,
    runtime: Runtime,
    json: bool,
}

/// Does what a command asks, and tells with `--json` also a refusal as JSON.
pub fn with_leader(arguments: &LeaderArguments, command: impl FnOnce(&Leader) -> Result<()>) -> Result<()> {
    let done = Leader::of(arguments).and_then(|leader| command(&leader));
    if let (true, Err(error)) = (arguments.json, &done) {
        let problem = match error.downcast_ref::<ClientError>() {
            Some(ClientError::Refused(problem)) => serde_json::to_value(problem)?,
            _ => serde_json::json!({ "detail": format!("{error:#}"), "code": "not_asked" }),
        };
        writeln!(std::io::stdout(), "{problem}")?;
    }
    done
}

impl Leader {
    fn of(arguments: &LeaderArguments) -> Result<Self> {
        let data = arguments.folder.data()?;
        let client = OperatorClient::of(&DataFolder::at(&data)).map_err(|error| match &error {
            ClientError::Announcement { source, .. } if source.kind() == std::io::ErrorKind::PermissionDenied => {
                anyhow!("{error}: run this as the user that the leader runs as")
            }
            _ => error.into(),
        })?;
        let client = client.ok_or_else(|| {
            anyhow!(
                "no leader runs with the data folder {}: start it, or name another folder with --data DIR or the server's file with -c FILE",
                data.display()
            )
        })?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        Ok(Self { client, runtime: runtime.context("starting the runtime")?, json: arguments.json })
    }

    fn ask(&self, method: Method, path: &str, body: Option<Value>) -> Result<Value> {
        Ok(self.runtime.block_on(self.client.ask(method, path, body))?)
    }

    fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T> {
        understood(self.ask(Method::GET, path, None)?)
    }

    fn post(&self, path: &str, body: &impl Serialize) -> Result<Value> {
        self.ask(Method::POST, path, Some(serde_json::to_value(body)?))
    }

    fn currency(&self) -> Result<CurrencyView> {
        self.get(CURRENCY_PATH)
    }

    /// Tells an answer: with `--json` as it came, else in the words of `people`.
    fn tell<T: DeserializeOwned>(&self, answer: Value, people: impl FnOnce(T) -> Result<String>) -> Result<()> {
        let text = if self.json { answer.to_string() } else { people(understood(answer)?)? };
        writeln!(std::io::stdout(), "{text}").context("writing to standard output")
    }
}

fn understood<T: DeserializeOwned>(answer: Value) -> Result<T> {
    serde_json::from_value(answer).context("the leader's answer has another form: is it of another version?")
}

/// An amount with the currency's symbol.
fn money(amount: Amount, currency: &CurrencyView) -> String {
    format!("{} {}", amount.display(currency.genesis.decimals), currency.genesis.symbol)
}
