//! The leader: opens the data folder, wires ledger, people and doors together, and stops them in order.

pub mod first;
pub mod founding;
pub mod keys;

use crate::backup;
use crate::config::{LeaderSettings, ServerConfig};
use crate::host::Host;
use crate::http;
use crate::identity::{Identity, IdentityError, LeaderSecret};
use crate::ledger::{self, Ledger, OpenError};
use crate::mining::{self, Browsers, Mining};
use crate::operator::{Announcement, OperatorDoor};
use crate::rpyc;
use crate::store::{RedbStore, Store, StoreError};
use crate::stratum;
use crate::tls::{Acceptor, TlsError};
use crate::website::{Api, listen};
use first::{FirstAdministrator, SetUp};
use founding::FoundingError;
use keys::{DataFolder, KeysError};
use qoin_core::address::Address;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// How long open requests may take once the leader stops.
const STOP_TIMEOUT: Duration = Duration::from_secs(5);
/// The label under which the people's secret is derived.
const IDENTITY_LABEL: &str = "qoin/leader/identity";
/// How often it is looked whether the owner of this host's miners has joined.
const OWNER_LOOK: Duration = Duration::from_secs(1);

/// Why a leader does not start, or had to stop.
#[derive(Debug, thiserror::Error)]
pub enum LeaderError {
    /// The data folder or its keys.
    #[error(transparent)]
    Keys(#[from] KeysError),
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The currency's settings.
    #[error(transparent)]
    Founding(#[from] FoundingError),
    /// The ledger.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The people.
    #[error(transparent)]
    Identity(#[from] IdentityError),
    /// No randomness.
    #[error("the system gives no randomness: {0}")]
    Random(#[from] getrandom::Error),
    /// The owner of this host's miners is no member.
    #[error(
        "owner {0} is not a member, so that its miners' rewards would go nowhere: name a member, or set miners = 0"
    )]
    UnknownOwner(String),
    /// The file for the commands of this host cannot be written.
    #[error("cannot write into the data folder where the operator's commands find the leader: {0}")]
    Announcement(io::Error),
    /// A certificate or its key.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// The Python interface would be open to the network without encryption.
    #[error(
        "rpyc_listen = {0} is no loopback address, and passwords would cross the network as they are: set rpyc_certificate and rpyc_key, or rpyc_unencrypted = true on a network that you trust"
    )]
    RpycUnencrypted(SocketAddr),
    /// A door or a miner of this host panicked.
    #[error("a task failed: {0}")]
    Task(#[from] tokio::task::JoinError),
    /// The ledger failed.
    #[error("the ledger has stopped: {0}")]
    Failed(String),
}

impl LeaderError {
    /// Whether the disk, or the data on it, failed.
    pub fn is_of_the_disk(&self) -> bool {
        let of_disk = |error: &StoreError| matches!(error, StoreError::Io { .. } | StoreError::Corrupt { .. });
        match self {
            Self::Keys(KeysError::Io { .. } | KeysError::Damaged(_)) | Self::Failed(_) => true,
            Self::Store(error) | Self::Open(OpenError::Store(error)) => of_disk(error),
            _ => false,
        }
    }
}

/// The doors' listeners.
pub struct Listeners {
    /// Of the HTTP API.
    pub api: TcpListener,
    /// Of Python scripts.
    pub rpyc: TcpListener,
    /// Of miners.
    pub stratum: TcpListener,
}

/// Whether a currency has begun in a data folder.
///
/// # Errors
/// When the store is there and cannot be read.
pub fn is_founded(folder: &DataFolder) -> Result<bool, StoreError> {
    let path = folder.ledger();
    if !path.exists() {
        return Ok(false);
    }
    Ok(ledger::summary(&*RedbStore::open(path)?.snapshot()?)?.is_some())
}

/// A leader that is open and not yet serving.
pub struct Leader {
    ledger: Ledger,
    identity: Identity,
    mining: Mining,
    api: Api,
    rpyc: rpyc::Door,
    tls: Option<Acceptor>,
    miners_tls: Option<Acceptor>,
    /// Who is rewarded for the miners of this host: these e-mail addresses' first member.
    owners: Vec<String>,
    miners: u32,
    connections: u32,
    stopping: CancellationToken,
    writer: JoinHandle<()>,
    announcement: Announcement,
    first_administrator: Option<FirstAdministrator>,
}

impl Leader {
    /// Opens the data folder; at the first start makes it, with keys, currency and administrator. Each of these steps
    /// is made once and durable, so that a first start that was interrupted goes on where it was; `set_up` is what the
    /// wizard was told, if that is where the currency comes from. The operator's commands find the leader's API at `api`.
    /// Ends with `stopping`.
    ///
    /// # Errors
    /// When the folder cannot be used, or holds what does not belong together.
    pub async fn open(
        config: &ServerConfig,
        api: SocketAddr,
        set_up: Option<&SetUp>,
        stopping: CancellationToken,
    ) -> Result<Self, LeaderError> {
        let tls = config.common.tls()?;
        let LeaderSettings { stratum_certificate, stratum_key, .. } = &config.settings;
        let miners_tls =
            Acceptor::of_settings(("stratum_certificate", stratum_certificate), ("stratum_key", stratum_key))?;
        let rpyc_security = rpyc_security(config)?;
        let folder = DataFolder::open(&config.host.data)?;
        let keys = folder.ledger_keys()?;
        let first_genesis = founding::genesis(&config.currency, &keys, now_ms())?;
        let store = Arc::new(RedbStore::open(folder.ledger())?);
        if let Some(set_up) = set_up {
            first::keep(&*store, set_up)?;
        }
        let settings = ledger::Settings { queue_length: config.settings.queue_length as usize };
        let (ledger, writer) = Ledger::open(store, first_genesis, keys.clone(), settings)?;
        let genesis = ledger.genesis().hash;
        let restores = backup::restores(&*ledger.read().snapshot()?)?;
        let restores = restores.into_iter().map(|notice| notice.sign(&keys.system, &genesis)).collect();
        for name in founding::ignored(&config.currency, &config.currency_given, &ledger.genesis().genesis) {
            tracing::warn!(name, "this setting was fixed at the first start and is ignored");
        }
        let secret = LeaderSecret::new(config.host.secret_key.derive(IDENTITY_LABEL).to_vec());
        let identity = Identity::open(ledger.clone(), secret, config.live.clone()).await?;
        let set_up = first::kept(&*ledger.read().snapshot()?)?;
        let owner = &config.host.owner.0;
        let first_administrator = first::let_in(&identity, &folder, set_up.as_ref(), owner).await?;
        let mut owners = vec![owner.clone()];
        owners.extend(set_up.as_ref().map(|set_up| set_up.email.clone()));
        let is_awaited = matches!(first_administrator, Some(FirstAdministrator::Invitation { .. }));
        if config.host.miners > 0 && !is_awaited && first_of(&identity, &owners).is_none() {
            return Err(LeaderError::UnknownOwner(owner.clone()));
        }
        let backup_folder =
            config.settings.backup_folder.clone().or_else(|| set_up.and_then(|set_up| set_up.backup_folder));
        let share_interval = Duration::from_millis(config.settings.share_interval_ms.into());
        let mining = Mining::start(ledger.clone(), mining::Settings { share_interval, ..Default::default() })?;
        let rpyc_metrics = rpyc::Metrics::default();
        let rpyc = rpyc::Door::new(ledger.clone(), identity.clone(), rpyc_security, rpyc_metrics.clone());
        let operator = OperatorDoor::new(folder)?;
        let announcement = operator.announce(api).map_err(LeaderError::Announcement)?;
        let host = Host::new(operator.clone(), backup_folder, ledger.now_ms());
        let api = http::router(http::Leader {
            ledger: ledger.clone(),
            identity: identity.clone(),
            operator,
            host,
            restores,
            browsers: Browsers::new(mining.clone()),
            settings: http::Settings { trusted_proxies: config.common.trusted_proxies.clone() },
            metrics: Arc::default(),
            rpyc: rpyc_metrics,
            batches: http::Batches::default(),
            stopping: stopping.clone(),
        });
        let (miners, connections) = (config.host.miners, config.common.connections);
        Ok(Self {
            ledger,
            identity,
            mining,
            api,
            rpyc,
            tls,
            miners_tls,
            owners,
            miners,
            connections,
            stopping,
            writer,
            announcement,
            first_administrator,
        })
    }

    /// How the first administrator gets in, as long as nobody has; told once.
    pub fn take_first_administrator(&mut self) -> Option<FirstAdministrator> {
        self.first_administrator.take()
    }

    /// The page on the website at which the first administrator joins, while they are invited.
    pub fn join_path(&self) -> Option<String> {
        match &self.first_administrator {
            Some(FirstAdministrator::Invitation { token, .. }) => Some(format!("/join#{}", **token)),
            _ => None,
        }
    }

    /// The first administrator's e-mail address.
    pub fn administrator(&self) -> &str {
        self.owners.last().map_or("", String::as_str)
    }

    /// The API, for a website in the same process.
    pub fn api(&self) -> Api {
        self.api.clone()
    }

    /// Serves until it is told to stop, or the ledger fails. When the tasks that are left behind are gone too (with the
    /// runtime), the writer ends what it holds and its thread can be joined.
    ///
    /// # Errors
    /// When the ledger or a door failed.
    pub async fn serve(self, listeners: Listeners) -> (JoinHandle<()>, Result<(), LeaderError>) {
        let Self {
            ledger,
            identity,
            mining,
            api,
            rpyc,
            tls,
            miners_tls,
            owners,
            miners,
            connections,
            stopping,
            writer,
            announcement,
            ..
        } = self;
        let mut doors = JoinSet::new();
        doors.spawn(listen::serve(listeners.api, api, connections, tls, stopping.clone()));
        doors.spawn(rpyc::serve(listeners.rpyc, rpyc, stopping.clone()));
        let door = stratum::Door::new(mining.clone(), identity.clone(), miners_tls);
        doors.spawn(stratum::serve(listeners.stratum, door, stopping.clone()));
        for _ in 0..miners {
            let (mining, identity, owners, stopping) =
                (mining.clone(), identity.clone(), owners.clone(), stopping.clone());
            doors.spawn(async move {
                if let Some(owner) = await_owner(&identity, &owners, &stopping).await {
                    mining::mine(mining, owner, stopping).await;
                }
            });
        }
        drop(identity);
        let ended = tokio::select! {
            () = stopping.cancelled() => Ok(()),
            reason = ledger.failed() => Err(LeaderError::Failed(reason)),
            Some(ended) = doors.join_next() => ended.map_err(LeaderError::from),
        };
        stopping.cancel();
        drop(announcement);
        let all = async { while doors.join_next().await.is_some() {} };
        if tokio::time::timeout(STOP_TIMEOUT, all).await.is_err() {
            tracing::warn!("some requests were not answered in time and are dropped");
        }
        (writer, ended)
    }
}

/// The first member with one of these e-mail addresses.
fn first_of(identity: &Identity, emails: &[String]) -> Option<Address> {
    emails.iter().find_map(|email| identity.member_of_email(email)).map(|member| member.address)
}

/// Waits until the owner of this host's miners has joined; none when the leader stops before.
async fn await_owner(identity: &Identity, owners: &[String], stopping: &CancellationToken) -> Option<Address> {
    loop {
        if let Some(owner) = first_of(identity, owners) {
            return Some(owner);
        }
        tokio::select! {
            () = stopping.cancelled() => return None,
            () = tokio::time::sleep(OWNER_LOOK) => {}
        }
    }
}

/// How scripts may connect: those of this host as they like, others encrypted unless a setting says otherwise.
fn rpyc_security(config: &ServerConfig) -> Result<rpyc::Security, LeaderError> {
    let LeaderSettings { rpyc_certificate, rpyc_key, rpyc_unencrypted, .. } = &config.settings;
    let tls = Acceptor::of_settings(("rpyc_certificate", rpyc_certificate), ("rpyc_key", rpyc_key))?;
    let address = config.host.rpyc_listen;
    let plain = *rpyc_unencrypted || address.ip().to_canonical().is_loopback();
    if tls.is_none() && !plain {
        return Err(LeaderError::RpycUnencrypted(address));
    }
    Ok(rpyc::Security { tls, plain })
}

fn now_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}
