//! The work of a mining worker: it searches for a tenth of a second, tells of it, and rests as its duty says.

use crate::message::{BUILD, Found, Job, Progress};
use gloo_timers::future::TimeoutFuture;
use js_sys::{Array, ArrayBuffer, Date, Uint8Array};
use qoin_core::{block::TIME_ROLL_MAX_S, target::Target};
use qoin_miner::{
    kernel::Kernel,
    scan::{End, scan},
};
use std::{
    cell::{Cell, RefCell},
    rc::Rc,
    sync::atomic::AtomicBool,
};
use wasm_bindgen::{JsCast, closure::Closure};
use wasm_bindgen_futures::spawn_local;
use web_sys::{DedicatedWorkerGlobalScope, MessageEvent};

/// How long a search goes on before the next job can be taken in, in milliseconds.
const SLICE_MS: f64 = 100.0;
/// Nonces between two looks at the clock: some 20 ms of the slowest engine.
const CHUNK: u32 = 1 << 15;
/// A worker is ended as a whole, so that no search stops by this flag.
static GOING: AtomicBool = AtomicBool::new(false);

/// Checks the kernel, says the build, and searches whatever comes in.
///
/// # Panics
/// When the kernel does not find what it must: the page is told by the browser, and mines nothing.
pub fn start(kernel: Kernel) {
    assert!(kernel.is_sound(), "this browser computes the {} kernel wrongly", kernel.name);
    let scope: DedicatedWorkerGlobalScope = js_sys::global().unchecked_into();
    let engine = Rc::new(Engine { kernel, scope, search: RefCell::default(), runs: Cell::new(false) });
    let hearing = engine.clone();
    let heard = Closure::<dyn Fn(MessageEvent)>::new(move |event: MessageEvent| hearing.hear(&event)).into_js_value();
    engine.scope.set_onmessage(Some(heard.unchecked_ref()));
    // Nothing but a text is handed over, which cannot be refused.
    let _ = engine.scope.post_message(&BUILD.into());
}

struct Engine {
    kernel: Kernel,
    scope: DedicatedWorkerGlobalScope,
    search: RefCell<Option<Search>>,
    runs: Cell<bool>,
}

/// A job under way.
struct Search {
    number: u32,
    header: [u8; 80],
    target: Target,
    part: (u32, u32),
    duty: f64,
    next: u32,
    rolled_s: u32,
}

impl Search {
    /// What a job asks for; nothing if it asks for nothing sensible.
    fn of(job: Job) -> Option<Self> {
        let sensible = job.first <= job.last && (1..=100).contains(&job.duty_percent);
        Some(Self {
            number: job.number,
            header: job.header,
            target: Target::from_be_bytes(job.target).filter(|_| sensible)?,
            part: (job.first, job.last),
            duty: f64::from(job.duty_percent) / 100.0,
            next: job.first,
            rolled_s: 0,
        })
    }

    fn time(&self) -> u32 {
        let [.., a, b, c, d, _, _, _, _, _, _, _, _] = self.header;
        u32::from_le_bytes([a, b, c, d])
    }

    /// Searches some nonces. False when the job has no more of them.
    fn go_on(&mut self, kernel: Kernel, progress: &mut Progress) -> bool {
        let until = self.part.1.min(self.next.saturating_add(CHUNK - 1));
        let searched = scan(kernel, &self.header, &self.target, self.next..=until, &GOING);
        progress.hashes += searched.hashes as u32;
        let reached = match searched.end {
            End::Found(nonce) => {
                progress.found = Some(Found { time: self.time(), nonce });
                nonce
            }
            End::Exhausted | End::Stopped => until,
        };
        if reached < self.part.1 {
            self.next = reached + 1;
            return true;
        }
        // All nonces are used up: the next second has as many.
        self.next = self.part.0;
        self.rolled_s += 1;
        let time = self.time() + 1;
        self.header[68..72].copy_from_slice(&time.to_le_bytes());
        self.rolled_s <= TIME_ROLL_MAX_S
    }
}

impl Engine {
    fn hear(self: &Rc<Self>, event: &MessageEvent) {
        let bytes = event.data().dyn_into::<ArrayBuffer>().map(|buffer| Uint8Array::new(&buffer).to_vec());
        let job = bytes.ok().and_then(|bytes| borsh::from_slice::<Job>(&bytes).ok());
        *self.search.borrow_mut() = job.and_then(Search::of);
        if !self.runs.replace(true) {
            let this = self.clone();
            spawn_local(async move {
                while let Some(pause_ms) = this.search_a_while() {
                    TimeoutFuture::new(pause_ms).await;
                }
                this.runs.set(false);
            });
        }
    }

    /// Searches for one slice; how long to rest then, in milliseconds. Nothing without a job.
    fn search_a_while(&self) -> Option<u32> {
        let mut held = self.search.borrow_mut();
        let search = held.as_mut()?;
        let began_ms = Date::now();
        let mut progress = Progress { number: search.number, hashes: 0, found: None };
        let mut has_more = true;
        while has_more && progress.found.is_none() && Date::now() - began_ms < SLICE_MS {
            has_more = search.go_on(self.kernel, &mut progress);
        }
        let pause_ms = (Date::now() - began_ms) * (1.0 / search.duty - 1.0);
        if !has_more {
            *held = None;
        }
        self.tell(&progress);
        Some(pause_ms as u32)
    }

    fn tell(&self, progress: &Progress) {
        let bytes = borsh::to_vec(progress).expect("memory takes all that is written");
        let buffer = Uint8Array::from(&bytes[..]).buffer();
        // A buffer that was just made can be handed over.
        let _ = self.scope.post_message_with_transfer(&buffer, &Array::of1(&buffer));
    }
}
