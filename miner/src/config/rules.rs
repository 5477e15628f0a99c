//! What a field's value must be like.

use super::ANONYMOUS;
use crate::{kernel, pace::Pace, secret::Secret};
use qoin_core::limits::EMAIL_BYTES_MAX;

use std::{net::SocketAddr, num::NonZeroUsize, thread::available_parallelism};

/// The most threads of one miner.
const THREADS_MAX: i64 = 1_024;
/// The most servers of one list.
const SERVERS_MAX: usize = 16;
/// The longest name of a worker, in bytes.
const WORKER_BYTES_MAX: usize = 32;
/// The name that stands for the kernel of a measurement.
const FASTEST: &str = "fastest";

/// Host and port of each server, at least one.
pub fn servers(texts: Vec<String>) -> Result<Vec<String>, String> {
    if texts.is_empty() || texts.len() > SERVERS_MAX {
        return Err(format!("a list has 1 to {SERVERS_MAX} servers, not {}", texts.len()));
    }
    texts.into_iter().map(server).collect()
}

fn server(text: String) -> Result<String, String> {
    let address = text.strip_prefix("stratum+tcp://").unwrap_or(&text);
    let (host, port) = address.rsplit_once(':').ok_or_else(|| format!("there is no port in {text:?}"))?;
    if host.is_empty() || host.contains(|character: char| character.is_whitespace() || character == '/') {
        return Err(format!("there is no host in {text:?}"));
    }
    match port.parse::<u16>() {
        Ok(1..) => Ok(address.to_owned()),
        _ => Err(format!("{port:?} is not a port from 1 to 65535")),
    }
}

/// An e-mail address, the name of a foreign pool's account, or [`ANONYMOUS`].
pub fn owner(text: String) -> Result<String, String> {
    if text.is_empty() || text.len() > EMAIL_BYTES_MAX {
        return Err(format!("an owner has 1 to {EMAIL_BYTES_MAX} characters"));
    }
    if text.contains(|character: char| character.is_whitespace() || character.is_control()) {
        return Err(format!("there is a space in {text:?}"));
    }
    Ok(text)
}

/// A worker's name.
pub fn worker(text: String) -> Result<String, String> {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    if text.is_empty() || text.len() > WORKER_BYTES_MAX || !text.bytes().all(fits) {
        return Err(format!("a worker has 1 to {WORKER_BYTES_MAX} letters, digits, - and _, not {text:?}"));
    }
    Ok(text)
}

/// The key that the setting stands for; only [`ANONYMOUS`] may have none.
pub fn service_key(setting: Option<String>, owner: &str) -> Result<Secret, String> {
    match setting {
        Some(setting) => Secret::from_setting(&setting),
        None if owner == ANONYMOUS => Ok(Secret::default()),
        None => Err(format!("which the owner {owner:?} needs")),
    }
}

/// A number of threads.
pub fn threads(number: i64) -> Result<usize, String> {
    within(number, 1, THREADS_MAX).ok_or_else(|| format!("a miner has 1 to {THREADS_MAX} threads, not {number}"))
}

/// One thread for each processor but one, so that the machine stays usable; at least one.
pub fn default_threads() -> usize {
    available_parallelism().map_or(1, NonZeroUsize::get).saturating_sub(1).max(1)
}

/// The kernel of this name; `None` for the fastest.
pub fn kernel(name: String) -> Result<Option<kernel::Kernel>, String> {
    let available = kernel::available();
    match available.iter().find(|kernel| kernel.name == name) {
        None if name == FASTEST => Ok(None),
        None => {
            let names: Vec<_> = available.iter().map(|kernel| kernel.name).collect();
            Err(format!("this processor has no kernel {name:?}, only {FASTEST}, {}", names.join(", ")))
        }
        found => Ok(found.copied()),
    }
}

/// A step back of a Unix process.
pub fn cpu_priority(number: i64) -> Result<i32, String> {
    within(number, 0, i64::from(Pace::NICENESS_MAX))
        .ok_or_else(|| format!("a step back is from 0 to {}, not {number}", Pace::NICENESS_MAX))
}

/// A percentage.
pub fn duty(number: i64) -> Result<u32, String> {
    within(number, 1, 100).ok_or_else(|| format!("a duty is from 1 to 100 percent, not {number}"))
}

/// An address of this machine to listen at.
pub fn status_address(text: String) -> Result<SocketAddr, String> {
    text.parse().map_err(|_| format!("{text:?} is not an IP address with a port"))
}

fn within<T: TryFrom<i64>>(number: i64, least: i64, most: i64) -> Option<T> {
    (least..=most).contains(&number).then(|| T::try_from(number).ok()).flatten()
}
