//! Talking to the other tabs of this browser that show the wallet.

use serde::{Serialize, de::DeserializeOwned};
use std::marker::PhantomData;
use wasm_bindgen::{JsCast, closure::Closure};
use web_sys::{BroadcastChannel, MessageEvent};

/// A channel to the other tabs. Messages reach all of them, but not the sender.
pub struct Channel<M> {
    channel: BroadcastChannel,
    _listener: Closure<dyn FnMut(MessageEvent)>,
    _message: PhantomData<M>,
}

impl<M: Serialize + DeserializeOwned + 'static> Channel<M> {
    /// Joins the channel `name`; `None` where the browser has no such thing.
    pub fn join(name: &str, receive: impl Fn(M) + 'static) -> Option<Self> {
        let channel = BroadcastChannel::new(name).ok()?;
        let listener = Closure::<dyn FnMut(MessageEvent)>::new(move |event: MessageEvent| {
            // A tab with another version of the app may send what this one does not know.
            if let Some(message) = event.data().as_string().and_then(|text| serde_json::from_str(&text).ok()) {
                receive(message);
            }
        });
        channel.set_onmessage(Some(listener.as_ref().unchecked_ref()));
        Some(Self { channel, _listener: listener, _message: PhantomData })
    }

    /// Tells the other tabs.
    pub fn post(&self, message: &M) {
        if let Ok(text) = serde_json::to_string(message) {
            // It fails on a closed channel only.
            let _ = self.channel.post_message(&text.into());
        }
    }
}

impl<M> Drop for Channel<M> {
    fn drop(&mut self) {
        self.channel.set_onmessage(None);
        self.channel.close();
    }
}
