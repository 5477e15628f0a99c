//! Opening the doors, and telling which one could not be.

use anyhow::{Context, Result};
use qoin::config::CommonSettings;
use std::io::ErrorKind;
use std::net::SocketAddr;
use tokio::net::TcpListener;

/// Listens at an address; `flag` chooses another.
pub async fn listen(address: SocketAddr, what: &str, flag: &str) -> Result<TcpListener> {
    TcpListener::bind(address).await.map_err(|error| {
        let port = address.port();
        let mend = match error.kind() {
            ErrorKind::AddrInUse => {
                format!(
                    "port {port} is taken: stop what listens there, or choose another with {flag} (0 picks a free one)"
                )
            }
            ErrorKind::PermissionDenied => format!("port {port} needs more rights: choose one above 1023 with {flag}"),
            ErrorKind::AddrNotAvailable => {
                format!("{} is not an address of this host: choose one with {flag}", address.ip())
            }
            _ => format!("{error}: choose another address with {flag}"),
        };
        anyhow::anyhow!("cannot listen at {address} for {what}: {mend}")
    })
}

/// Where a listener listens, as an address for a browser on this host.
pub fn url(listener: &TcpListener, settings: &CommonSettings) -> Result<String> {
    let scheme = if settings.tls_certificate.is_some() { "https" } else { "http" };
    Ok(format!("{scheme}://{}", address(listener)?))
}

/// Where a listener listens.
pub fn address(listener: &TcpListener) -> Result<SocketAddr> {
    listener.local_addr().context("asking a listener for its address")
}
