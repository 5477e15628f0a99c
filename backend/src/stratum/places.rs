//! One place for each service key and worker's name: a newer connection takes it from the older one.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard},
};
use tokio_util::sync::CancellationToken;

/// A service, by its number, and a worker's name.
type Key = (u64, String);

/// All places that are taken. Clones are the same.
#[derive(Clone, Default)]
pub(super) struct Places(Arc<Mutex<HashMap<Key, CancellationToken>>>);

/// A place, as long as this lives or nobody newer takes it.
pub(super) struct Place {
    places: Places,
    key: Key,
    taken: CancellationToken,
}

impl Places {
    /// Takes a place, from whoever has it.
    pub fn take(&self, service: u64, worker: &str) -> Place {
        let (key, taken) = ((service, worker.to_owned()), CancellationToken::new());
        if let Some(older) = self.lock().insert(key.clone(), taken.clone()) {
            older.cancel();
        }
        Place { places: self.clone(), key, taken }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Key, CancellationToken>> {
        self.0.lock().expect("nothing panics while it looks a place up")
    }
}

impl Place {
    /// Cancelled when a newer connection takes the place.
    pub fn taken(&self) -> &CancellationToken {
        &self.taken
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        // A place that was taken belongs to the newer connection.
        if !self.taken.is_cancelled() {
            self.places.lock().remove(&self.key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newer_connection_has_the_place_and_keeps_it_when_the_older_one_ends() {
        let places = Places::default();
        let older = places.take(1, "rig");
        let other = places.take(1, "rig2");
        let newer = places.take(1, "rig");
        assert!(older.taken().is_cancelled() && !newer.taken().is_cancelled() && !other.taken().is_cancelled());
        drop(older);
        let newest = places.take(1, "rig");
        assert!(newer.taken().is_cancelled() && !newest.taken().is_cancelled());
        drop((newer, newest, other));
        assert!(places.lock().is_empty());
    }
}
