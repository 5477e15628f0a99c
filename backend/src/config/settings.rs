//! The declarations of all settings.

use super::declaration::declare;
use super::secret::Secret;
use super::value::{Email, LeaderUrl, LogFormat, LogLevel};
use crate::tls::{Acceptor, TlsError};
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;

declare! {
    /// What the leader must be told of its host.
    pub struct LeaderHost {
        /// The folder that holds the ledger and its keys; made at the first start. A relative path starts from this file.
        data: PathBuf = Host("\"/var/lib/qoin\"");
        /// The e-mail address of the administrator, whose account the first start makes and whose password it prints
        /// once. The rewards of this host's own miners go there.
        owner: Email = Host("\"admin@example.org\"");
        /// Where the HTTP API listens. Port 0 picks a free one.
        api_listen: SocketAddr = Host("\"127.0.0.1:5002\"");
        /// Where Python scripts connect (RPyC).
        rpyc_listen: SocketAddr = Host("\"127.0.0.1:5001\"");
        /// Where miners connect (Stratum v1).
        stratum_listen: SocketAddr = Host("\"127.0.0.1:3333\"");
        /// How many threads of this host mine; 0 for none.
        miners: u32 = Host("1") in (0, 1024);
        /// A secret key of at least 32 hexadecimal digits, other than the website's: itself, env:NAME or file:PATH.
        /// Make one with: openssl rand -hex 16
        secret_key: Secret = Host("\"replace-me\"");
    }
}

declare! {
    /// What the website must be told of its host.
    pub struct WebsiteHost {
        /// Where the website listens. Port 0 picks a free one.
        listen: SocketAddr = Host("\"127.0.0.1:5000\"");
        /// The leader's HTTP API: http:// or https://, a host and a port.
        leader: LeaderUrl = Host("\"http://127.0.0.1:5002\"");
        /// A secret key of at least 32 hexadecimal digits, other than the leader's: itself, env:NAME or file:PATH.
        /// Make one with: openssl rand -hex 16
        secret_key: Secret = Host("\"replace-me\"");
    }
}

declare! {
    /// The currency. All of this is fixed at the leader's first start.
    pub struct CurrencySettings {
        /// The currency's name. This and the next seven are fixed at the leader's first start.
        currency_name: String = Settings("\"Qoin\"");
        /// What stands beside an amount.
        currency_symbol: String = Settings("\"Q\"");
        /// How many decimal digits amounts have.
        currency_decimals: u32 = Settings("2") in (0, 8);
        /// What the system account starts with, in whole units; credits and rewards are paid from it.
        genesis_amount: u64 = Settings("1_000_000");
        /// How many seconds a block should take.
        block_interval_s: u64 = Settings("10") in (1, 86_400);
        /// How many hours a recovery by the system key waits, during which the member can cancel it.
        recovery_delay_h: u64 = Settings("72") in (0, 8_760);
        /// How many hashes the easiest block takes on average; no block is ever easier.
        easiest_work: u64 = Settings("1_048_576") in (1, 1_000_000_000_000_000_000);
        /// How many hashes the first block takes on average; 0 for the same as the easiest.
        starting_work: u64 = Settings("0") in (0, 1_000_000_000_000_000_000);
    }
}

declare! {
    /// The leader's limits.
    pub struct LeaderSettings {
        /// How many requests can wait for the ledger before it answers that it is busy.
        queue_length: u32 = Settings("8_192") in (1, 1_000_000);
        /// How many milliseconds a miner's shares should lie apart; from them its hash rate is estimated.
        share_interval_ms: u32 = Settings("5_000") in (50, 600_000);
        /// The folder into which the administration panel's "Back up now" puts backups, best on another disk; empty for
        /// the one that was named at the setup, if any.
        backup_folder: Option<PathBuf> = Settings("\"\"");
        /// A PEM file with the certificate chain for miners that connect by TLS; empty for none. Miners without TLS
        /// still reach the same port.
        stratum_certificate: Option<PathBuf> = Settings("\"\"");
        /// A PEM file with the certificate's key.
        stratum_key: Option<PathBuf> = Settings("\"\"");
        /// A PEM file with the certificate chain for scripts that connect by TLS (`rpyc.ssl_connect`); empty for none.
        rpyc_certificate: Option<PathBuf> = Settings("\"\"");
        /// A PEM file with the certificate's key.
        rpyc_key: Option<PathBuf> = Settings("\"\"");
        /// Whether scripts may connect without TLS where rpyc_listen is no loopback address: their passwords and tokens
        /// then cross the network as they are.
        rpyc_unencrypted: bool = Settings("false");
    }
}

declare! {
    /// What concerns the website alone.
    pub struct WebsiteSettings {
        /// Whether browsers reach the website over HTTPS only: true keeps the session from ever crossing plain HTTP.
        https: bool = Settings("false");
    }
}

declare! {
    /// What concerns a website's way to a leader on another host.
    pub struct LinkSettings {
        /// For a leader with https: a PEM file with the certificates of the authorities that vouch for it; empty for
        /// those that this host trusts.
        leader_authorities: Option<PathBuf> = Settings("\"\"");
    }
}

declare! {
    /// What concerns every door and the log.
    pub struct CommonSettings {
        /// How many connections the HTTP door takes at once.
        connections: u32 = Settings("4_096") in (8, 1_000_000);
        /// From which proxies X-Forwarded-For and X-Forwarded-Proto are believed. A leader names its websites here.
        trusted_proxies: Vec<IpAddr> = Settings("[\"127.0.0.1\", \"::1\"]");
        /// A PEM file with the certificate chain by which the HTTP door speaks HTTPS; empty for plain HTTP. Programs of
        /// this same host may still come without TLS.
        tls_certificate: Option<PathBuf> = Settings("\"\"");
        /// A PEM file with the certificate's key.
        tls_key: Option<PathBuf> = Settings("\"\"");
        /// How the log on standard error is written: "text" or "json".
        log_format: LogFormat = Settings("\"text\"");
        /// How much is logged: "error", "warn", "info", "debug" or "trace".
        log_level: LogLevel = Settings("\"info\"");
    }
}

impl CommonSettings {
    /// TLS for the HTTP door, where a certificate is set.
    ///
    /// # Errors
    /// When the certificate or its key is of no use.
    pub fn tls(&self) -> Result<Option<Acceptor>, TlsError> {
        Acceptor::of_settings(("tls_certificate", &self.tls_certificate), ("tls_key", &self.tls_key))
    }
}
