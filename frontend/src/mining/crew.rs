//! The workers of one spell of mining, and their place among the leader's miners.

use super::{Ending, Mining};
use crate::{
    api,
    wallet::pause,
    workers::message::{BUILD, Found, Job, Progress},
};
use gloo_timers::future::TimeoutFuture;
use js_sys::{Array, ArrayBuffer, Date, Uint8Array, WebAssembly};
use leptos::{prelude::*, task::spawn_local};
use qoin_core::api::{
    mining::{MiningJob, MiningWork, SubmitShare},
    problem::ProblemCode,
};
use std::{
    cell::{Cell, RefCell},
    collections::VecDeque,
    rc::{Rc, Weak},
};
use wasm_bindgen::{JsCast, JsValue, closure::Closure};
use web_sys::{MessageEvent, Worker};

/// The name under which the leader counts what browsers do.
const NAME: &str = "browser";
/// A module with a function type that returns a vector: valid exactly where there are vectors.
const VECTOR_PROBE: [u8; 15] = [0, b'a', b's', b'm', 1, 0, 0, 0, 1, 5, 1, 0x60, 0, 1, 0x7b];
/// Jobs whose late shares still find their names.
const JOBS_MAX: usize = 16;
/// How often the hash rate is written, in milliseconds.
const TICK_MS: u32 = 1_000;
/// Ticks that the hash rate is averaged over.
const TICKS: usize = 5;

/// A crew at work. Dropping it ends its workers at once and tells the leader.
pub struct Crew(Rc<Inner>);

struct Inner {
    mining: Mining,
    duty_percent: u32,
    hands: RefCell<Vec<Hand>>,
    /// The leader's name for it, once it has one.
    miner: Cell<Option<u32>>,
    /// What came before that: the newest work of whatever miner.
    early: RefCell<Option<MiningWork>>,
    /// How many jobs there were; the last one's number.
    number: Cell<u32>,
    /// The job to do.
    job: RefCell<Option<MiningJob>>,
    /// The jobs' names by the numbers that workers know.
    names: RefCell<VecDeque<(u32, String)>>,
    hashes: Cell<u64>,
    ended: Cell<bool>,
}

/// A worker.
struct Hand {
    worker: Worker,
    /// It is of this build and can be given work.
    is_ready: Cell<bool>,
    _heard: Closure<dyn Fn(MessageEvent)>,
    _failed: Closure<dyn Fn()>,
}

impl Drop for Hand {
    fn drop(&mut self) {
        self.worker.terminate();
        self.worker.set_onmessage(None);
        self.worker.set_onerror(None);
    }
}

impl Crew {
    /// Loads the workers and joins the leader's miners. Nothing when the browser refuses the workers.
    pub fn join(mining: Mining, threads: u32, duty_percent: u32) -> Option<Self> {
        let inner = Rc::new(Inner {
            mining,
            duty_percent,
            hands: RefCell::default(),
            miner: Cell::new(None),
            early: RefCell::default(),
            number: Cell::new(0),
            job: RefCell::default(),
            names: RefCell::default(),
            hashes: Cell::new(0),
            ended: Cell::new(false),
        });
        let vectors = WebAssembly::validate(&Uint8Array::from(&VECTOR_PROBE[..])).unwrap_or(false);
        let script = if vectors { "/mine_loader.js" } else { "/mine-scalar_loader.js" };
        for place in 0..threads as usize {
            match inner.hire(script, place) {
                Ok(hand) => inner.hands.borrow_mut().push(hand),
                Err(_) => {
                    mining.end(Ending::Broken);
                    return None;
                }
            }
        }
        spawn_local(enter(inner.clone()));
        spawn_local(write_rate(inner.clone()));
        Some(Self(inner))
    }

    /// Takes in what a miner of this session is to do.
    pub fn hear(&self, work: &MiningWork) {
        match self.0.miner.get() {
            Some(miner) if miner == work.miner => self.0.take(work.job.clone()),
            Some(_) => {}
            None => drop(self.0.early.replace(Some(work.clone()))),
        }
    }
}

impl Drop for Crew {
    fn drop(&mut self) {
        self.0.ended.set(true);
        self.0.hands.borrow_mut().clear();
        if let Some(miner) = self.0.miner.get() {
            // Unheard, the leader notices by itself after a while.
            spawn_local(async move { drop(api::leave_mining(miner).await) });
        }
    }
}

/// Joins, however often that takes.
async fn enter(inner: Rc<Inner>) {
    let mut attempt = 0;
    while !inner.ended.get() {
        match api::join_mining(NAME).await {
            Ok(joined) if inner.ended.get() => {
                drop(api::leave_mining(joined.miner).await);
                return;
            }
            Ok(joined) => {
                inner.miner.set(Some(joined.miner));
                let early = inner.early.take().filter(|work| work.miner == joined.miner);
                inner.take(early.map_or(joined.job, |work| work.job));
                return;
            }
            Err(failure) if failure.is_passing() => pause::before_try(attempt).await,
            Err(failure) => {
                if !inner.ended.get() {
                    inner.mining.end(Ending::Refused(failure));
                }
                return;
            }
        }
        attempt += 1;
    }
}

/// Writes the hash rate every second.
async fn write_rate(inner: Rc<Inner>) {
    let mut ticks = VecDeque::from([(Date::now(), 0)]);
    while !inner.ended.get() {
        TimeoutFuture::new(TICK_MS).await;
        ticks.push_back((Date::now(), inner.hashes.get()));
        if ticks.len() > TICKS + 1 {
            ticks.pop_front();
        }
        if let (Some((from_ms, before)), Some((to_ms, after)), false) = (ticks.front(), ticks.back(), inner.ended.get())
        {
            let passed_s = ((to_ms - from_ms) / 1_000.0).max(0.001);
            inner.mining.rate.set((after - before) as f64 / passed_s);
        }
    }
}

impl Inner {
    fn hire(self: &Rc<Self>, script: &str, place: usize) -> Result<Hand, JsValue> {
        let worker = Worker::new(script)?;
        let this = Rc::downgrade(self);
        let heard = Closure::<dyn Fn(MessageEvent)>::new(move |event: MessageEvent| {
            if let Some(inner) = living(&this) {
                inner.hear(place, &event.data());
            }
        });
        worker.set_onmessage(Some(heard.as_ref().unchecked_ref()));
        let this = Rc::downgrade(self);
        let failed = Closure::<dyn Fn()>::new(move || {
            if let Some(inner) = living(&this) {
                inner.mining.end(Ending::Broken);
            }
        });
        worker.set_onerror(Some(failed.as_ref().unchecked_ref()));
        Ok(Hand { worker, is_ready: Cell::new(false), _heard: heard, _failed: failed })
    }

    /// What a worker says: first its build, then progress.
    fn hear(self: &Rc<Self>, place: usize, data: &JsValue) {
        if let Some(build) = data.as_string() {
            if build != BUILD {
                return self.mining.end(Ending::Outdated);
            }
            self.hands.borrow().iter().skip(place).take(1).for_each(|hand| hand.is_ready.set(true));
            return self.hand_out(place..place + 1);
        }
        let Some(buffer) = data.dyn_ref::<ArrayBuffer>() else { return };
        let Ok(progress) = borsh::from_slice::<Progress>(&Uint8Array::new(buffer).to_vec()) else { return };
        self.hashes.set(self.hashes.get() + u64::from(progress.hashes));
        if let Some(found) = progress.found {
            self.submit(progress.number, found);
        }
    }

    /// Goes over to a job, or to waiting for one.
    fn take(&self, job: Option<MiningJob>) {
        self.mining.has_work.set(Some(job.is_some()));
        if let Some(job) = &job {
            let mut names = self.names.borrow_mut();
            if job.clean {
                names.clear();
            }
            names.truncate(JOBS_MAX - 1);
            self.number.set(self.number.get() + 1);
            names.push_front((self.number.get(), job.id.clone()));
        }
        self.job.replace(job);
        self.hand_out(0..usize::MAX);
    }

    /// Gives the job to the workers in these places: to each its part of the nonces.
    fn hand_out(&self, places: std::ops::Range<usize>) {
        let (job, hands) = (self.job.borrow(), self.hands.borrow());
        let number = self.number.get();
        let part = u32::MAX / hands.len().max(1) as u32;
        for (place, hand) in
            hands.iter().enumerate().filter(|(place, hand)| places.contains(place) && hand.is_ready.get())
        {
            let first = part * place as u32;
            let bytes = job.as_ref().map(|job| {
                borsh::to_vec(&Job {
                    number,
                    header: job.header.0,
                    target: job.target.to_be_bytes(),
                    first,
                    last: first + (part - 1),
                    duty_percent: self.duty_percent,
                })
            });
            let bytes = bytes.and_then(Result::ok).unwrap_or_default();
            let buffer = Uint8Array::from(&bytes[..]).buffer();
            // A buffer that was just made can be handed over.
            let _ = hand.worker.post_message_with_transfer(&buffer, &Array::of1(&buffer));
        }
    }

    fn submit(self: &Rc<Self>, number: u32, found: Found) {
        let name = self.names.borrow().iter().find(|(of, _)| *of == number).map(|(_, name)| name.clone());
        let (Some(job), Some(miner)) = (name, self.miner.get()) else { return };
        let inner = self.clone();
        spawn_local(async move {
            let share = SubmitShare { job, time: found.time, nonce: found.nonce };
            let mining = inner.mining;
            match api::submit_share(miner, &share).await {
                Ok(taken) => {
                    mining.shares.update(|shares| *shares += 1);
                    if let Some(height) = taken.block {
                        mining.solved.update(|solved| solved.push(height));
                    }
                }
                // The leader was started anew, or took this tab for gone.
                Err(failure) if failure.code() == Some(ProblemCode::NotFound) && !inner.ended.get() => {
                    mining.turn.update(|turn| *turn += 1);
                }
                // Late, or lost on its way: only this share is.
                Err(_) => {}
            }
        });
    }
}

fn living(inner: &Weak<Inner>) -> Option<Rc<Inner>> {
    inner.upgrade().filter(|inner| !inner.ended.get())
}
