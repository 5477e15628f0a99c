//! The roles that run until they are told to stop.

use super::listeners::{address, listen, url};
use super::{FileArguments, RunArguments, ServerArguments, setup};
use anyhow::{Context, Result, ensure};
use qoin::config::settings::LeaderHost;
use qoin::config::value::Email;
use qoin::config::{CommonSettings, Configuration, RunConfig, ServerConfig, Source, WebsiteConfig};
use qoin::leader::first::FirstAdministrator;
use qoin::leader::keys::DataFolder;
use qoin::leader::{Leader, Listeners};
use qoin::observe;
use qoin::tls::Acceptor;
use qoin::website::setup::{Founded, Founding};
use qoin::website::{self, Trust, Website};
use serde_json::json;
use std::future::Future;
use std::io::Write;
use std::net::{Ipv4Addr, SocketAddr};
use std::thread::JoinHandle;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// The administrator of `qoin run`.
const RUN_OWNER: &str = "admin@qoin.local";
/// How long tasks may take to notice that the runtime ends.
const RUNTIME_TIMEOUT: Duration = Duration::from_secs(2);
/// How long the website may take to end its requests once it stops.
const WEBSITE_STOP_TIMEOUT: Duration = Duration::from_secs(5);

/// `qoin run`.
pub fn run(arguments: RunArguments) -> Result<()> {
    let config = RunConfig::of(Source::of_overrides(arguments.sets.clone()))?;
    observe::start_log(&config.common);
    until_stopped(async |stopping| run_everything(arguments, config, stopping).await)
}

async fn run_everything(
    arguments: RunArguments,
    config: RunConfig,
    stopping: CancellationToken,
) -> Result<(Option<JoinHandle<()>>, Result<()>)> {
    let here = |port| SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    if arguments.setup {
        setup::check_empty(&arguments.data)?;
    }
    let mut door = listen(here(arguments.website_port), "the website", "--website-port").await?;
    let listeners = Listeners {
        api: listen(here(arguments.api_port), "the HTTP API", "--api-port").await?,
        rpyc: listen(here(arguments.rpyc_port), "Python scripts", "--rpyc-port").await?,
        stratum: listen(here(arguments.stratum_port), "miners", "--stratum-port").await?,
    };
    let folder = DataFolder::open(&arguments.data)?;
    let (server_secret, website_secret) = (folder.secret("server")?, folder.secret("website")?);
    ensure!(
        !server_secret.equals(&website_secret),
        "{0}/keys/server.secret and {0}/keys/website.secret are equal: replace one of them with the output of `openssl rand -hex 16`",
        arguments.data.display()
    );
    let trust = Trust { proxies: config.common.trusted_proxies.clone(), https: config.website.https };
    let (connections, tls) = (config.common.connections, config.common.tls()?);
    let host = LeaderHost {
        data: arguments.data.clone(),
        owner: Email(RUN_OWNER.to_owned()),
        api_listen: address(&listeners.api)?,
        rpyc_listen: address(&listeners.rpyc)?,
        stratum_listen: address(&listeners.stratum)?,
        miners: arguments.miners,
        secret_key: server_secret,
    };
    let RunConfig { currency, currency_given, live, leader: settings, common, .. } = config;
    let config = ServerConfig { host, currency, currency_given, live, settings, common };
    let api = config.host.api_listen;
    let mut leader = if arguments.setup {
        let draft = setup::draft(&config.currency, "");
        let found = async |founding: Founding| {
            let mut config = config.clone();
            config.currency = setup::currency(&config.currency, &founding);
            let leader = Leader::open(&config, api, Some(&setup::set_up(founding)), stopping.clone()).await?;
            let join = leader.join_path().context("nobody was invited")?;
            Ok((leader, Founded::Here(join)))
        };
        let tell = |link: &str| announce_setup(link, arguments.json);
        let made =
            setup::serve(door, draft, trust.clone(), &config.common, &arguments.data, tell, &stopping, found).await?;
        let Some((open_door, leader)) = made else { return Ok((None, Ok(()))) };
        door = open_door;
        leader
    } else {
        Leader::open(&config, api, None, stopping.clone()).await?
    };
    let website = Website::new(website::Leader::Here(leader.api()), &website_secret, trust, stopping.clone());
    let first = leader.take_first_administrator();
    let addresses = Addresses {
        website: url(&door, &config.common)?,
        api: url(&listeners.api, &config.common)?,
        rpyc: address(&listeners.rpyc)?.to_string(),
        stratum: address(&listeners.stratum)?.to_string(),
    };
    announce(&addresses, first.as_ref(), leader.administrator(), &arguments)?;
    drop(first);
    let serving = tokio::spawn(serve_website(website, door, connections, tls, stopping.clone()));
    let (writer, ended) = leader.serve(listeners).await;
    let website_ended = serving.await.context("the website failed");
    Ok((Some(writer), ended.map_err(Into::into).and(website_ended)))
}

/// Where the doors are.
struct Addresses {
    website: String,
    api: String,
    rpyc: String,
    stratum: String,
}

/// Tells where the wizard is.
fn announce_setup(link: &str, as_json: bool) -> Result<()> {
    let mut out = std::io::stdout().lock();
    if as_json {
        writeln!(out, "{}", json!({ "setup": link }))?;
    } else {
        writeln!(out, "\n  Set the currency up in the browser that you go on with:\n\n  {link}\n")?;
        writeln!(out, "  The link works once and for an hour. Nothing is fixed before the last page.")?;
        writeln!(out, "  Press Ctrl-C to stop.\n")?;
    }
    out.flush().context("writing to standard output")
}

/// Tells that everything is ready: connections are taken from here on.
fn announce(
    addresses: &Addresses,
    first: Option<&FirstAdministrator>,
    administrator: &str,
    arguments: &RunArguments,
) -> Result<()> {
    let Addresses { website, api, rpyc, stratum } = addresses;
    let (email, password, invitation) = match first {
        Some(FirstAdministrator::Password { email, password }) => (email.as_str(), Some(password.as_str()), None),
        Some(FirstAdministrator::Invitation { email, token }) => {
            (email.as_str(), None, Some(format!("{website}/join#{}", **token)))
        }
        None => (administrator, None, None),
    };
    let mut out = std::io::stdout().lock();
    if arguments.json {
        let ready = json!({
            "website": website,
            "api": api,
            "rpyc": rpyc,
            "stratum": stratum,
            "email": email,
            "password": password,
            "invitation": invitation,
        });
        writeln!(out, "{ready}")?;
    } else {
        writeln!(out, "\n  Qoin is running at  {website}\n")?;
        writeln!(out, "  E-mail    {email}")?;
        match (password, &invitation) {
            (Some(password), _) => {
                writeln!(out, "  Password  {password}")?;
                writeln!(
                    out,
                    "            (shown until somebody signs in: write it down, or change it in the wallet)"
                )?;
            }
            (_, Some(invitation)) => {
                writeln!(out, "  Join      {invitation}")?;
                writeln!(
                    out,
                    "            (for the first administrator; it works once, and each start makes a new one)"
                )?;
            }
            (None, None) => writeln!(out, "  Password  your own")?,
        }
        writeln!(out, "\n  API       {api}\n  Python    {rpyc} (RPyC)\n  Miners    stratum+tcp://{stratum}")?;
        writeln!(out, "  Data      {}\n\n  Press Ctrl-C to stop.\n", arguments.data.display())?;
    }
    out.flush().context("writing to standard output")
}

/// `qoin server`.
pub fn server(arguments: ServerArguments) -> Result<()> {
    let ServerArguments { file, setup } = arguments;
    let config = ServerConfig::of(Source::of_file(&file.config, file.overrides.values)?)?;
    observe::start_log(&config.common);
    until_stopped(async |stopping| run_server(config, setup, stopping).await)
}

async fn run_server(
    config: ServerConfig,
    with_setup: bool,
    stopping: CancellationToken,
) -> Result<(Option<JoinHandle<()>>, Result<()>)> {
    if with_setup {
        setup::check_empty(&config.host.data)?;
    }
    let mut listeners = Listeners {
        api: listen(config.host.api_listen, "the HTTP API", "--api-listen").await?,
        rpyc: listen(config.host.rpyc_listen, "Python scripts", "--rpyc-listen").await?,
        stratum: listen(config.host.stratum_listen, "miners", "--stratum-listen").await?,
    };
    let api = address(&listeners.api)?;
    let mut leader = if with_setup {
        let draft = setup::draft(&config.currency, &config.host.owner.0);
        let trust = Trust { proxies: config.common.trusted_proxies.clone(), https: false };
        let found = async |founding: Founding| {
            let mut config = config.clone();
            config.currency = setup::currency(&config.currency, &founding);
            let leader = Leader::open(&config, api, Some(&setup::set_up(founding)), stopping.clone()).await?;
            let join = leader.join_path().context("nobody was invited")?;
            Ok((leader, Founded::Elsewhere(join)))
        };
        let tell = |link: &str| announce_setup(link, false);
        let made = setup::serve(listeners.api, draft, trust, &config.common, &config.host.data, tell, &stopping, found)
            .await?;
        let Some((door, leader)) = made else { return Ok((None, Ok(()))) };
        listeners.api = door;
        leader
    } else {
        Leader::open(&config, api, None, stopping).await?
    };
    let mut out = std::io::stdout().lock();
    match leader.take_first_administrator() {
        Some(FirstAdministrator::Password { email, password }) => {
            writeln!(out, "The administrator of the new currency is {email}.")?;
            writeln!(out, "The password, shown until somebody signs in: {}", *password)?;
        }
        Some(FirstAdministrator::Invitation { email, token }) => {
            writeln!(out, "The administrator of the new currency is {email}, who has not joined yet.")?;
            writeln!(out, "Open this path on the website, once: /join#{}", *token)?;
        }
        None => {}
    }
    writeln!(
        out,
        "The leader's API is at {}, Python scripts connect to {}, miners to {}.",
        url(&listeners.api, &config.common)?,
        address(&listeners.rpyc)?,
        address(&listeners.stratum)?
    )?;
    out.flush().context("writing to standard output")?;
    drop(out);
    let (writer, ended) = leader.serve(listeners).await;
    Ok((Some(writer), ended.map_err(Into::into)))
}

/// `qoin website`.
pub fn website(arguments: FileArguments<WebsiteConfig>) -> Result<()> {
    let config = WebsiteConfig::of(Source::of_file(&arguments.config, arguments.overrides.values)?)?;
    observe::start_log(&config.common);
    until_stopped(async |stopping| run_website(config, stopping).await)
}

async fn run_website(
    config: WebsiteConfig,
    stopping: CancellationToken,
) -> Result<(Option<JoinHandle<()>>, Result<()>)> {
    let WebsiteConfig { host, link, settings, common } = config;
    let tls = common.tls()?;
    let leader = website::Leader::there(&host.leader, link.leader_authorities.as_deref())?;
    let door = listen(host.listen, "the website", "--listen").await?;
    println!("The website is at {}.", url(&door, &common)?);
    let CommonSettings { trusted_proxies: proxies, connections, .. } = common;
    let trust = Trust { proxies, https: settings.https };
    let website = Website::new(leader, &host.secret_key, trust, stopping.clone());
    serve_website(website, door, connections, tls, stopping).await;
    Ok((None, Ok(())))
}

/// Serves the website; what is still open a while after `stopping` is dropped. Without the website the rest stops too.
async fn serve_website(
    website: Website,
    door: tokio::net::TcpListener,
    connections: u32,
    tls: Option<Acceptor>,
    stopping: CancellationToken,
) {
    let _stop_all = stopping.clone().drop_guard();
    let over = async {
        stopping.cancelled().await;
        tokio::time::sleep(WEBSITE_STOP_TIMEOUT).await;
    };
    tokio::select! {
        () = website.serve(door, connections, tls) => {}
        () = over => {}
    }
}

/// Runs a role until it ends, or SIGINT or SIGTERM asks it to. A ledger's writer commits what it has taken before this
/// returns.
fn until_stopped<F>(role: impl FnOnce(CancellationToken) -> F) -> Result<()>
where
    F: Future<Output = Result<(Option<JoinHandle<()>>, Result<()>)>>,
{
    raise_files_limit();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().context("starting the runtime")?;
    let (writer, ended) = runtime.block_on(async {
        let stopping = CancellationToken::new();
        tokio::spawn(cancel_on_signal(stopping.clone()));
        role(stopping).await
    })?;
    // With the runtime go the last doors to the ledger, and then its writer ends.
    runtime.shutdown_timeout(RUNTIME_TIMEOUT);
    if let Some(writer) = writer {
        ensure!(writer.join().is_ok(), "the ledger's writer panicked; its last words stand above");
    }
    ended
}

/// Lets this process open as many files as its host's administrator allows: every connection is one, and the limit that
/// shells start with, often 1,024, is below what the doors take.
fn raise_files_limit() {
    #[cfg(unix)]
    {
        use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
        let Rlimit { maximum, .. } = getrlimit(Resource::Nofile);
        if let Err(error) = setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum }) {
            tracing::warn!(%error, "the number of open files stays limited as it was");
        }
    }
}

async fn cancel_on_signal(stopping: CancellationToken) {
    #[cfg(unix)]
    let terminated = async {
        use tokio::signal::unix::{SignalKind, signal};
        match signal(SignalKind::terminate()) {
            Ok(mut signal) => drop(signal.recv().await),
            Err(_) => std::future::pending().await,
        }
    };
    #[cfg(not(unix))]
    let terminated = std::future::pending::<()>();
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        () = terminated => {}
    }
    tracing::info!("stopping");
    stopping.cancel();
}
