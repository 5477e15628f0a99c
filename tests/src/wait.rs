//! Waiting for something that a program tells only when asked.

use crate::process::PATIENCE;
use anyhow::{Result, bail};
use std::time::{Duration, Instant};

/// Asks again and again, a few times a second, until there is an answer.
///
/// # Errors
/// When asking fails, or there is none within [`PATIENCE`].
pub async fn until<T>(what: &str, mut ask: impl AsyncFnMut() -> Result<Option<T>>) -> Result<T> {
    let deadline = Instant::now() + PATIENCE;
    let mut pause = tokio::time::interval(Duration::from_millis(50));
    loop {
        pause.tick().await;
        if let Some(answer) = ask().await? {
            return Ok(answer);
        }
        if Instant::now() > deadline {
            bail!("{what}: not within {} s", PATIENCE.as_secs());
        }
    }
}
