//! Keeping the key over a reload, encrypted twice: under the session's share, which the leader tells to the live session only, and
//! under a key of the browser that no script can read out. Neither the stored bytes nor the share alone give the key.

use hkdf::Hkdf;
use js_sys::{Array, Object, Promise, Reflect, Uint8Array};
use qoin_core::{
    address::Address,
    api::bytes::Bytes,
    encode::{decode, encode},
    vault::{KdfParameters, Seed, Vault, WrappingKey},
};
use sha2::Sha256;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{AesGcmParams, CryptoKey, IdbDatabase, IdbObjectStore, IdbRequest, IdbTransactionMode, SubtleCrypto};

const DATABASE: &str = "qoin";
const STORE: &str = "kept";
const ENTRY: &str = "seed";

/// Whether this browser can keep a key here: it needs a secure context.
pub fn is_possible() -> bool {
    subtle().is_some()
}

/// Keeps the key of `address` for as long as the session with this share lives. Failing is no harm: a reload asks for the password.
pub async fn keep(seed: &Seed, address: Address, share: &Bytes<32>, nonce: [u8; 24]) -> Result<(), JsValue> {
    let sealed = encode(&Vault::seal(seed, &inner_key(share), address, &KdfParameters::MINIMUM, nonce));
    let subtle = subtle().ok_or("no secure context")?;
    let usages = Array::of2(&"encrypt".into(), &"decrypt".into());
    let algorithm = Object::new();
    Reflect::set(&algorithm, &"name".into(), &"AES-GCM".into())?;
    Reflect::set(&algorithm, &"length".into(), &256.into())?;
    let key: CryptoKey = settled(subtle.generate_key_with_object(&algorithm, false, &usages)?).await?.unchecked_into();
    // The key encrypts this one message only, so that any nonce is good.
    let iv = Uint8Array::new_with_length(12);
    let parameters = AesGcmParams::new("AES-GCM", &iv);
    let encrypted = settled(subtle.encrypt_with_object_and_u8_array(&parameters, &key, &sealed)?).await?;

    let entry = Object::new();
    Reflect::set(&entry, &"key".into(), &key)?;
    Reflect::set(&entry, &"sealed".into(), &encrypted)?;
    let store = store(IdbTransactionMode::Readwrite).await?;
    finished(&store.put_with_key(&entry, &ENTRY.into())?).await?;
    Ok(())
}

/// The key that was kept for `address` in this session.
pub async fn restore(address: Address, share: &Bytes<32>) -> Option<Seed> {
    let sealed = read().await.ok()?;
    let vault: Vault = decode(&sealed).ok()?;
    vault.open(&inner_key(share), address, &KdfParameters::MINIMUM).ok()
}

/// Deletes what was kept.
pub async fn forget() {
    if is_possible()
        && let Ok(store) = store(IdbTransactionMode::Readwrite).await
        && let Ok(request) = store.delete(&ENTRY.into())
    {
        let _ = finished(&request).await;
    }
}

async fn read() -> Result<Vec<u8>, JsValue> {
    let subtle = subtle().ok_or("no secure context")?;
    let store = store(IdbTransactionMode::Readonly).await?;
    let entry = finished(&store.get(&ENTRY.into())?).await?;
    let key: CryptoKey = Reflect::get(&entry, &"key".into())?.dyn_into()?;
    let encrypted: Object = Reflect::get(&entry, &"sealed".into())?.dyn_into()?;
    let parameters = AesGcmParams::new("AES-GCM", &Uint8Array::new_with_length(12));
    let sealed = settled(subtle.decrypt_with_object_and_buffer_source(&parameters, &key, &encrypted)?).await?;
    Ok(Uint8Array::new(&sealed).to_vec())
}

/// The key under which the seed is sealed before the browser's own key covers it: HKDF-SHA256 with the label `qoin/kept-seed`.
fn inner_key(share: &Bytes<32>) -> WrappingKey {
    let mut key = [0; 32];
    Hkdf::<Sha256>::new(None, &share.0).expand(b"qoin/kept-seed", &mut key).expect("32 bytes are within HKDF's limit");
    WrappingKey::from_bytes(key)
}

/// The browser's cryptography; plain HTTP beyond localhost has none, although the bindings say so.
fn subtle() -> Option<SubtleCrypto> {
    let crypto = web_sys::window()?.crypto().ok()?;
    Reflect::get(&crypto, &"subtle".into()).ok()?.dyn_into().ok()
}

async fn store(mode: IdbTransactionMode) -> Result<IdbObjectStore, JsValue> {
    let factory = web_sys::window().ok_or("no window")?.indexed_db()?.ok_or("no database")?;
    let opening = factory.open_with_u32(DATABASE, 1)?;
    let request = opening.clone();
    let upgrade = wasm_bindgen::closure::Closure::once_into_js(move || {
        if let Ok(database) = request.result() {
            let _ = database.unchecked_into::<IdbDatabase>().create_object_store(STORE);
        }
    });
    opening.set_onupgradeneeded(Some(upgrade.unchecked_ref()));
    let database: IdbDatabase = finished(&opening).await?.unchecked_into();
    database.transaction_with_str_and_mode(STORE, mode)?.object_store(STORE)
}

/// Waits for a request to the database.
async fn finished(request: &IdbRequest) -> Result<JsValue, JsValue> {
    let promise = Promise::new(&mut |resolve, reject| {
        request.set_onsuccess(Some(&resolve));
        request.set_onerror(Some(&reject));
    });
    JsFuture::from(promise).await?;
    request.result()
}

async fn settled(promise: impl Into<JsValue>) -> Result<JsValue, JsValue> {
    JsFuture::from(promise.into().unchecked_into::<Promise>()).await
}
