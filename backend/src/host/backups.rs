//! Backups that an administrator makes: into a folder of this host, or as a download; and when the last one was made.

use super::Host;
use crate::audit::Action;
use crate::backup::{self, BackupBusy, BackupError, BackupStream, UnfinishedFile};
use crate::identity::{Granted, IdentityError, Recorded, right};
use crate::ledger::Change;
use crate::store::{Batch, Snapshot, StoreError, Table};
use borsh::{BorshDeserialize, BorshSerialize};
use futures_util::{Stream, StreamExt};
use hyper::body::Bytes;
use qoin_core::api::admin::network::{BackupMade, BackupProgress, BackupsView};
use qoin_core::audit::{AuditAction, AuditChange, AuditTarget};
use qoin_core::encode::{decode, encode};
use std::io::{self, BufWriter, Write};
use std::path::Path;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::{Duration, UNIX_EPOCH};
use thiserror::Error;
use tokio::runtime::Handle;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

/// The key in [`Table::Meta`] under which the last backup stands.
const LAST_KEY: &[u8] = b"last_backup";
/// The version of its record.
const LAST_VERSION: u8 = 1;
/// After so many bytes it is told how far a backup is.
const STEP_BYTES: u64 = 4 << 20;
/// How many lines may wait to be read.
const LINES_WAITING: usize = 64;

/// The last backup that was finished.
#[derive(BorshSerialize, BorshDeserialize)]
struct LastRecord {
    made_ms: u64,
    bytes: u64,
    with_keys: bool,
    file: Option<String>,
}

/// Why no backup is begun.
#[derive(Debug, Error)]
pub enum BackupRefusal {
    /// Another one is being made.
    #[error(transparent)]
    Busy(#[from] BackupBusy),
    /// The host's settings name no folder.
    #[error("this leader has no folder for backups: set backup_folder on its host, or download one")]
    NoFolder,
}

impl Host {
    /// Where backups go, the last one, and whether one is being made.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn backups(&self, snapshot: &dyn Snapshot) -> Result<BackupsView, StoreError> {
        let corrupt = |detail: String| StoreError::Corrupt { path: "last_backup".into(), detail };
        let last = match snapshot.get(Table::Meta, LAST_KEY)?.as_deref().map(<[u8]>::split_first) {
            None => None,
            Some(Some((&LAST_VERSION, bytes))) => {
                let LastRecord { made_ms, bytes, with_keys, file } =
                    decode(bytes).map_err(|error| corrupt(error.to_string()))?;
                Some(BackupMade { made_ms, bytes, with_keys, file })
            }
            Some(_) => return Err(corrupt("a record of another release".into())),
        };
        let folder = self.0.backup_folder.as_ref().map(|folder| folder.display().to_string());
        Ok(BackupsView { folder, last, is_running: self.0.door.backups().is_busy() })
    }
}

impl Granted<right::Backup> {
    /// Begins a backup that somebody takes away. It is noted once all of it was taken.
    ///
    /// # Errors
    /// [`BackupBusy`].
    pub fn stream_backup(
        self,
        host: &Host,
        with_keys: bool,
        stopping: &CancellationToken,
    ) -> Result<Noted, BackupBusy> {
        let made_ms = self.identity().ledger().now_ms();
        let stream = host.0.door.backups().begin(self.identity().ledger().read(), with_keys, stopping)?;
        Ok(Noted { stream, made_ms, with_keys, bytes: 0, granted: Some(self) })
    }

    /// Makes a backup with the keys in the host's folder, and tells how far it is. It goes on whether that is read or not.
    ///
    /// # Errors
    /// Why none is begun.
    pub fn back_up(
        self,
        host: &Host,
        stopping: &CancellationToken,
    ) -> Result<mpsc::Receiver<BackupProgress>, BackupRefusal> {
        let folder = host.0.backup_folder.clone().ok_or(BackupRefusal::NoFolder)?;
        let made_ms = self.identity().ledger().now_ms();
        let stream = host.0.door.backups().begin(self.identity().ledger().read(), true, stopping)?;
        let (sender, receiver) = mpsc::channel(LINES_WAITING);
        tokio::spawn(async move {
            let lines = sender.clone();
            let writing = tokio::task::spawn_blocking(move || write(&folder, made_ms, stream, &lines));
            let end = match writing.await {
                Ok(Ok(made)) => match note(&self, &made).await {
                    Ok(()) => BackupProgress::Done(made),
                    Err(error) => {
                        tracing::warn!(%error, "a backup was made and could not be noted");
                        BackupProgress::Done(made)
                    }
                },
                Ok(Err(error)) => BackupProgress::Failed { detail: error.to_string() },
                Err(error) => BackupProgress::Failed { detail: error.to_string() },
            };
            // Whoever began it may be gone.
            let _ = sender.send(end).await;
        });
        Ok(receiver)
    }
}

/// Writes a backup into a folder, and reads it back before it gets its name.
fn write(
    folder: &Path,
    made_ms: u64,
    mut stream: BackupStream,
    lines: &mpsc::Sender<BackupProgress>,
) -> Result<BackupMade, BackupError> {
    let name = format!("qoin-{}.backup", stamp(made_ms));
    let path = folder.join(&name);
    let failed = |source| BackupError::File { path: path.clone(), source };
    std::fs::create_dir_all(folder).map_err(failed)?;
    let mut file = UnfinishedFile::begin(&path, false)?;
    let mut out = BufWriter::with_capacity(1 << 18, file.file());
    let (mut bytes, mut told, runtime) = (0, 0, Handle::current());
    while let Some(piece) = runtime.block_on(stream.next()) {
        let piece = piece.map_err(failed)?;
        out.write_all(&piece).map_err(failed)?;
        bytes += piece.len() as u64;
        if bytes - told >= STEP_BYTES {
            told = bytes;
            let _ = lines.try_send(BackupProgress::Writing { bytes });
        }
    }
    out.flush().map_err(failed)?;
    drop(out);
    let _ = lines.try_send(BackupProgress::Checking { bytes });
    backup::verify(file.part())?;
    file.finish()?;
    Ok(BackupMade { made_ms, bytes, with_keys: true, file: Some(name) })
}

/// Writes down that a backup was made, for the record and for its age.
async fn note(granted: &Granted<right::Backup>, made: &BackupMade) -> Result<(), IdentityError> {
    let BackupMade { made_ms, bytes, with_keys, file } = made.clone();
    granted
        .commit(move |_| {
            let mut changes = vec![AuditChange::made("bytes", bytes), AuditChange::made("keys", with_keys)];
            changes.extend(file.as_ref().map(|file| AuditChange::made("file", file)));
            let mut value = vec![LAST_VERSION];
            value.extend(encode(&LastRecord { made_ms, bytes, with_keys, file }));
            let mut batch = Batch::new();
            batch.put(Table::Meta, LAST_KEY, value);
            let action = Action::new(AuditAction::BackupMade, AuditTarget::Leader).changing(changes);
            Ok(Recorded { change: Change { batch, transaction: None, answer: () }, actions: vec![action] })
        })
        .await
}

/// A backup on its way to somebody, which is noted when all of it was taken.
pub struct Noted {
    stream: BackupStream,
    made_ms: u64,
    with_keys: bool,
    bytes: u64,
    granted: Option<Granted<right::Backup>>,
}

impl Stream for Noted {
    type Item = io::Result<Bytes>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let polled = self.stream.poll_next_unpin(context);
        match &polled {
            Poll::Ready(Some(Ok(piece))) => self.bytes += piece.len() as u64,
            // What broke off is no backup.
            Poll::Ready(Some(Err(_))) => self.granted = None,
            Poll::Ready(None) => {
                if let Some(granted) = self.granted.take() {
                    let (made_ms, bytes, with_keys) = (self.made_ms, self.bytes, self.with_keys);
                    tokio::spawn(async move {
                        let made = BackupMade { made_ms, bytes, with_keys, file: None };
                        if let Err(error) = note(&granted, &made).await {
                            tracing::warn!(%error, "a backup was made and could not be noted");
                        }
                    });
                }
            }
            Poll::Pending => {}
        }
        polled
    }
}

/// A moment as it stands in a file's name: `20261124-233412`, in UTC.
pub fn stamp(ms: u64) -> String {
    let date: httpdate::HttpDate = (UNIX_EPOCH + Duration::from_millis(ms.min(253_402_300_799_999))).into();
    // "Tue, 24 Nov 2026 23:34:12 GMT"
    let text = date.to_string();
    let mut parts = text.split([' ', ':']).skip(1);
    let mut part = || parts.next().unwrap_or_default();
    let (day, month, year, hour, minute, second) = (part(), part(), part(), part(), part(), part());
    const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let month = MONTHS.iter().position(|name| *name == month).map_or(0, |index| index + 1);
    format!("{year}{month:02}{day}-{hour}{minute}{second}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_sortable_names() {
        assert_eq!(stamp(0), "19700101-000000");
        assert_eq!(stamp(1_795_563_252_999), "20261124-233412");
    }
}
