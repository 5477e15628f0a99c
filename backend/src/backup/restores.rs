//! What a restoration leaves in the data, so that the leader can tell of it.

use crate::store::{Snapshot, StoreError, Table};
use qoin_core::encode::{decode, encode};
use qoin_core::restore_notice::RestoreNotice;

/// The key in [`Table::Meta`] under which all restorations of this data stand (a list of [`RestoreNotice`], borsh).
pub(super) const RESTORES_KEY: &[u8] = b"restores";
/// How many are kept: the latest ones.
const RESTORES_MAX: usize = 16;

/// All restorations of this data that are kept, oldest first.
///
/// # Errors
/// When the store cannot be read.
pub fn restores(from: &dyn Snapshot) -> Result<Vec<RestoreNotice>, StoreError> {
    from.get(Table::Meta, RESTORES_KEY)?.map_or(Ok(Vec::new()), |bytes| read(&bytes))
}

/// The list of which `before` are the bytes, with one more at its end.
pub(super) fn with(before: Option<&[u8]>, restore: RestoreNotice) -> Result<Vec<u8>, StoreError> {
    let mut restores = before.map_or(Ok(Vec::new()), read)?;
    restores.push(restore);
    restores.drain(..restores.len().saturating_sub(RESTORES_MAX));
    Ok(encode(&restores))
}

fn read(bytes: &[u8]) -> Result<Vec<RestoreNotice>, StoreError> {
    decode(bytes).map_err(|error| StoreError::Corrupt { path: Table::Meta.name().into(), detail: error.to_string() })
}
