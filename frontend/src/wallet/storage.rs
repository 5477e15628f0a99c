//! The browser's local storage, for what is no secret. Where it is blocked, nothing is remembered.

use web_sys::Storage;

fn storage() -> Option<Storage> {
    web_sys::window()?.local_storage().ok()?
}

/// What is stored under `name`.
pub fn read(name: &str) -> Option<String> {
    storage()?.get_item(name).ok()?
}

/// Stores `text` under `name`.
pub fn write(name: &str, text: &str) {
    if let Some(storage) = storage() {
        // Full or blocked: then it is not remembered.
        let _ = storage.set_item(name, text);
    }
}
