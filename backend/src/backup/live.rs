//! A backup of a leader at work, as a stream of bytes.

use super::{now_ms, write};
use crate::leader::keys::DataFolder;
use crate::ledger::Reader;
use hyper::body::Bytes;
use std::io::{self, BufWriter, Write};
use std::sync::Arc;
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::sync::{Semaphore, mpsc};
use tokio_stream::wrappers::ReceiverStream;
use tokio_util::sync::CancellationToken;

/// How many bytes go on their way together.
const PIECE_BYTES: usize = 1 << 18;
/// How many of them may wait for the receiver.
const PIECES_WAITING: usize = 4;
/// How long the receiver may take for one: while a backup is made, the store keeps everything that it shows.
const PIECE_TIMEOUT: Duration = Duration::from_secs(60);

/// The bytes of a backup. One that is not whole ends with an error, and lacks the hash at its end.
pub type BackupStream = ReceiverStream<io::Result<Bytes>>;

/// Another backup is being made.
#[derive(Debug, thiserror::Error)]
#[error("a backup is being made already; try again when it is done")]
pub struct BackupBusy;

/// Makes backups of a leader at work, one at a time.
pub struct Live {
    folder: DataFolder,
    turn: Arc<Semaphore>,
}

impl Live {
    /// Of the leader with this data folder.
    pub fn new(folder: DataFolder) -> Self {
        Self { folder, turn: Arc::new(Semaphore::new(1)) }
    }

    /// Whether one is being made.
    pub fn is_busy(&self) -> bool {
        self.turn.available_permits() == 0
    }

    /// Begins a backup of what is committed now. It ends early when the leader stops, or nobody takes what comes.
    ///
    /// # Errors
    /// [`BackupBusy`].
    pub fn begin(
        &self,
        reader: &Reader,
        with_keys: bool,
        stopping: &CancellationToken,
    ) -> Result<BackupStream, BackupBusy> {
        let turn = self.turn.clone().try_acquire_owned().map_err(|_| BackupBusy)?;
        let (sender, receiver) = mpsc::channel(PIECES_WAITING);
        let (folder, reader) = (self.folder.clone(), reader.clone());
        let pieces = Pieces { sender, runtime: Handle::current(), stopping: stopping.clone() };
        tokio::task::spawn_blocking(move || {
            let sender = pieces.sender.clone();
            let made = (|| {
                let keys = with_keys.then(|| folder.key_files()).transpose()?;
                let snapshot = reader.snapshot()?;
                // The door to the ledger is not held open any longer than this.
                drop(reader);
                write(BufWriter::with_capacity(PIECE_BYTES, pieces), &*snapshot, now_ms(), keys.as_deref())
            })();
            drop(turn);
            if let Err(error) = made {
                tracing::warn!(%error, "a backup was not finished");
                // If nobody listens, nobody needs to know.
                let _ = sender.try_send(Err(io::Error::other("the backup was not finished")));
            }
        });
        Ok(ReceiverStream::new(receiver))
    }
}

/// Passes on what is written.
struct Pieces {
    sender: mpsc::Sender<io::Result<Bytes>>,
    runtime: Handle,
    stopping: CancellationToken,
}

impl Write for Pieces {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let piece = Ok(Bytes::copy_from_slice(bytes));
        self.runtime.block_on(async {
            tokio::select! {
                biased;
                () = self.stopping.cancelled() => Err(io::Error::new(io::ErrorKind::ConnectionAborted, "the leader stops")),
                sent = tokio::time::timeout(PIECE_TIMEOUT, self.sender.send(piece)) => match sent {
                    Ok(Ok(())) => Ok(bytes.len()),
                    Ok(Err(_)) => Err(io::Error::new(io::ErrorKind::BrokenPipe, "nobody takes it any more")),
                    Err(_) => Err(io::Error::new(io::ErrorKind::TimedOut, "nobody took it for a minute")),
                },
            }
        })
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
