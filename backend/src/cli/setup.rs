//! Setting a currency up in the browser, before there is one.

use super::listeners::url;
use anyhow::{Context, Result, ensure};
use qoin::config::{CommonSettings, CurrencySettings};
use qoin::leader::first::SetUp;
use qoin::leader::is_founded;
use qoin::leader::keys::DataFolder;
use qoin::website::setup::{Draft, Founded, Founding, LINK_LIFETIME, Setup};
use qoin::website::{Trust, listen};
use std::path::Path;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

/// How many connections the wizard takes at once.
const CONNECTIONS: u32 = 64;

/// Refuses to set up what is there already.
pub fn check_empty(data: &Path) -> Result<()> {
    let folder = DataFolder::at(data);
    ensure!(
        !is_founded(&folder)?,
        "there is a currency in {} already, so that there is nothing to set up: start without --setup, or name another data folder",
        data.display()
    );
    Ok(())
}

/// What the form begins with: the currency that would begin without it.
pub fn draft(currency: &CurrencySettings, email: &str) -> Draft {
    Draft::of([
        &currency.currency_name,
        &currency.currency_symbol,
        &currency.currency_decimals.to_string(),
        &currency.genesis_amount.to_string(),
        &currency.block_interval_s.to_string(),
        &currency.recovery_delay_h.to_string(),
        "",
        email,
        "",
    ])
}

/// The settings of a currency as the wizard was told.
pub fn currency(settings: &CurrencySettings, founding: &Founding) -> CurrencySettings {
    CurrencySettings {
        currency_name: founding.currency_name.clone(),
        currency_symbol: founding.currency_symbol.clone(),
        currency_decimals: founding.currency_decimals,
        genesis_amount: founding.genesis_amount,
        block_interval_s: founding.block_interval_s,
        recovery_delay_h: founding.recovery_delay_h,
        ..settings.clone()
    }
}

/// What is kept beside the currency.
pub fn set_up(founding: Founding) -> SetUp {
    let Founding { administrator_name: name, administrator_email: email, backup_folder, .. } = founding;
    SetUp { name, email, backup_folder }
}

/// Serves the wizard until the currency has begun, and gives what `found` made; none when the program is stopped before.
/// What comes to the door meanwhile waits there for whoever serves it next.
#[expect(clippy::too_many_arguments, reason = "each is a part of its own that the wizard needs")]
pub async fn serve<L>(
    door: TcpListener,
    draft: Draft,
    trust: Trust,
    common: &CommonSettings,
    data: &Path,
    tell: impl FnOnce(&str) -> Result<()>,
    stopping: &CancellationToken,
    found: impl AsyncFn(Founding) -> Result<(L, Founded)>,
) -> Result<Option<(TcpListener, L)>> {
    let (setup, mut requests) = Setup::new(draft, trust, data.to_owned(), LINK_LIFETIME)?;
    let (door, own) = twins(door)?;
    tell(&format!("{}{}", url(&door, common)?, setup.path()))?;
    let ending = stopping.child_token();
    let serving = tokio::spawn(listen::serve(own, setup.router(), CONNECTIONS, common.tls()?, ending.clone()));
    let made = loop {
        let request = tokio::select! {
            () = stopping.cancelled() => break None,
            request = requests.recv() => request,
        };
        let Some(request) = request else { break None };
        match found(request.founding).await {
            Ok((made, founded)) => {
                // The browser may be gone: the terminal says the same.
                let _ = request.reply.send(Ok(founded));
                break Some(made);
            }
            Err(error) => {
                let text = format!("{error:#}");
                let _ = request.reply.send(Err(text));
                if is_founded(&DataFolder::at(data))? {
                    return Err(error.context("the currency has begun; start again without --setup"));
                }
            }
        }
    };
    ending.cancel();
    serving.await.context("the setup's pages failed")?;
    Ok(made.map(|made| (door, made)))
}

/// The same door twice: both take from one queue of connections, which outlives either.
fn twins(door: TcpListener) -> Result<(TcpListener, TcpListener)> {
    let door = door.into_std().context("sharing the door")?;
    let twin = door.try_clone().context("sharing the door")?;
    Ok((TcpListener::from_std(door)?, TcpListener::from_std(twin)?))
}
