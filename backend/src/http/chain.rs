//! The whole chain on its way out, open to every member, so that anyone can verify it elsewhere.

use super::Leader;
use super::error::ApiError;
use crate::identity::MemberSession;
use crate::ledger::{Export, LedgerError};
use axum::body::Body;
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderName, HeaderValue};
use axum::response::IntoResponse;
use qoin_core::api::chain::{CHAIN_PATH, CHAIN_RECORDS_HEADER, FILE_MEDIA_TYPE};
use qoin_core::api::problem::Problem;
use qoin_core::limits::CHAIN_DOWNLOADS_MAX;
use std::io;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Semaphore, SemaphorePermit, mpsc};
use tokio_stream::wrappers::ReceiverStream;
use tokio_util::sync::CancellationToken;

/// How many pieces are read ahead of the connection.
const PIECES_AHEAD: usize = 1;
/// How long a client may take for one piece; one that takes longer is cut off.
const PIECE_TIMEOUT: Duration = Duration::from_secs(60);

/// Each takes a few megabytes of memory, whatever the chain's length.
static DOWNLOADS: Semaphore = Semaphore::const_new(CHAIN_DOWNLOADS_MAX);

/// The whole chain, from its genesis to its end now: a file for `qoin verify`. docs/chain.md says how it is laid out.
/// Accepted transactions that no block seals yet stand at its end. Memos are not in it.
#[utoipa::path(
    get,
    path = CHAIN_PATH,
    tag = "blocks",
    security(("session" = [])),
    responses(
        (status = 200, description = "The chain; the header `Qoin-Records` tells how many log records it holds",
            content_type = "application/octet-stream", body = Vec<u8>),
        (status = "4XX", body = Problem),
        (status = 503, body = Problem),
    ),
)]
pub async fn download_chain(
    State(leader): State<Arc<Leader>>,
    _: MemberSession,
) -> Result<impl IntoResponse, ApiError> {
    let permit = DOWNLOADS.try_acquire().map_err(|_| LedgerError::Busy)?;
    let export = leader.ledger.read().export()?;
    let records = HeaderValue::from(export.end().records);
    let (pieces, body) = mpsc::channel(PIECES_AHEAD);
    tokio::spawn(send(export, pieces, leader.stopping.clone(), permit));
    let headers = [
        (CONTENT_TYPE, HeaderValue::from_static(FILE_MEDIA_TYPE)),
        (HeaderName::from_static(CHAIN_RECORDS_HEADER), records),
    ];
    Ok((headers, Body::from_stream(ReceiverStream::new(body))))
}

type Piece = Result<Vec<u8>, io::Error>;

/// Sends piece after piece, until the end or until the client takes no more. What was not sent whole has no end, by which
/// a verifier knows it.
async fn send(
    mut export: Export,
    pieces: mpsc::Sender<Piece>,
    stopping: CancellationToken,
    _permit: SemaphorePermit<'static>,
) {
    loop {
        let reading = tokio::task::spawn_blocking(move || (export.next(), export));
        let piece = match reading.await {
            Ok((Some(Ok(piece)), rest)) => {
                export = rest;
                Ok(piece)
            }
            Ok((None, _)) => return,
            Ok((Some(Err(error)), _)) => return break_off(&pieces, error).await,
            Err(error) => return break_off(&pieces, error).await,
        };
        let sending = tokio::time::timeout(PIECE_TIMEOUT, pieces.send(piece));
        tokio::select! {
            sent = sending => if !matches!(sent, Ok(Ok(()))) { return },
            () = stopping.cancelled() => return,
        }
    }
}

async fn break_off(pieces: &mpsc::Sender<Piece>, error: impl std::fmt::Display) {
    tracing::error!(%error, "a chain could not be read to its end");
    // The client may be gone already.
    drop(pieces.send(Err(io::Error::other("the chain could not be read to its end"))).await);
}
