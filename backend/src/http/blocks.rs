//! Blocks and headers.

use super::Leader;
use super::error::ApiError;
use super::extract::{Name, Parameters, entries, page_entries};
use super::views;
use crate::identity::MemberSession;
use axum::Json;
use axum::extract::State;
use qoin_core::api::blocks::{BLOCKS_PATH, BlockView, BlocksPage, HEADERS_PATH, HeadersPage};
use qoin_core::api::bytes::Bytes;
use qoin_core::api::problem::Problem;
use qoin_core::limits::HEADERS_MAX;
use serde::Deserialize;
use std::sync::Arc;
use utoipa::IntoParams;

const BLOCK_PATH: &str = "/api/v1/blocks/{height}";

/// Which blocks.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct BlocksQuery {
    /// Only blocks below this height.
    before: Option<u32>,
    /// How many at most, 1 to 200; 50 if absent.
    limit: Option<u32>,
}

/// Blocks, newest first.
#[utoipa::path(
    get,
    path = BLOCKS_PATH,
    tag = "blocks",
    params(BlocksQuery),
    security(("session" = [])),
    responses((status = 200, body = BlocksPage), (status = "4XX", body = Problem)),
)]
pub async fn list_blocks(
    State(leader): State<Arc<Leader>>,
    _: MemberSession,
    Parameters(query): Parameters<BlocksQuery>,
) -> Result<Json<BlocksPage>, ApiError> {
    let blocks = leader.ledger.read().blocks_before(query.before, page_entries(query.limit)?)?;
    let next = blocks.last().map(|block| block.height()).filter(|height| *height > 1);
    Ok(Json(BlocksPage { blocks: blocks.into_iter().map(views::block).collect(), next }))
}

/// One block.
#[utoipa::path(
    get,
    path = BLOCK_PATH,
    tag = "blocks",
    params(("height" = u32, Path, description = "Its height, from 1")),
    security(("session" = [])),
    responses((status = 200, body = BlockView), (status = "4XX", body = Problem)),
)]
pub async fn show_block(
    State(leader): State<Arc<Leader>>,
    _: MemberSession,
    Name(height): Name<u32>,
) -> Result<Json<BlockView>, ApiError> {
    let block = leader.ledger.read().block(height)?;
    block.map(|block| Json(views::block(block))).ok_or_else(|| ApiError::not_found(format_args!("block {height}")))
}

/// Which headers.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct HeadersQuery {
    /// The height of the first; 1 if absent.
    from: Option<u32>,
    /// How many at most, 1 to 2000; 2000 if absent.
    limit: Option<u32>,
}

/// Headers, oldest first.
#[utoipa::path(
    get,
    path = HEADERS_PATH,
    tag = "blocks",
    params(HeadersQuery),
    security(("session" = [])),
    responses((status = 200, body = HeadersPage), (status = "4XX", body = Problem)),
)]
pub async fn list_headers(
    State(leader): State<Arc<Leader>>,
    _: MemberSession,
    Parameters(query): Parameters<HeadersQuery>,
) -> Result<Json<HeadersPage>, ApiError> {
    let from = query.from.unwrap_or(1).max(1);
    let blocks = leader.ledger.read().blocks_from(from, entries(query.limit.unwrap_or(HEADERS_MAX), HEADERS_MAX)?)?;
    let headers = blocks.iter().map(|stored| Bytes(stored.block.header.to_bytes())).collect();
    Ok(Json(HeadersPage { from, headers }))
}
