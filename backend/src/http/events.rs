//! The live stream of what concerns a session.

use super::Leader;
use super::error::ApiError;
use super::extract::Parameters;
use super::views;
use crate::identity::{Banner, EventsReservation, MemberSession};
use crate::ledger::{BlockSummary, MovementRef, Position, Published};
use crate::mining::Feed;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderName};
use axum::response::sse::{KeepAlive, Sse};
use axum::response::{IntoResponse, sse};
use futures_util::stream;
use qoin_core::api::account::AccountView;
use qoin_core::api::blocks::Tip;
use qoin_core::api::events::{BlockSealed, EVENTS_PATH, Event};
use qoin_core::api::mining::MiningWork;
use qoin_core::api::problem::Problem;
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;
use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::broadcast::{Receiver, error::RecvError};
use tokio::time::Sleep;
use utoipa::IntoParams;

/// How often a silent stream says that it is still there, so that no proxy closes it.
const KEEP_ALIVE: Duration = Duration::from_secs(15);
/// The most movements that are told one by one; a client that missed more loads anew.
const MISSED_MAX: usize = 500;
/// Set by a client that was connected before.
const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");
/// Tells nginx to pass each event on at once.
const NO_BUFFERING: (HeaderName, &str) = (HeaderName::from_static("x-accel-buffering"), "no");

/// Where the stream begins.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct EventsQuery {
    /// The position up to which everything is known: an account's `position` or an event's id. The header
    /// `Last-Event-ID` goes before it.
    after: Option<String>,
}

/// Follows the session's account and the chain. After opening, the stream tells every movement since the position asked
/// for, oldest first, then the account; then whatever happens. Without a position it begins with the account.
#[utoipa::path(
    get,
    path = EVENTS_PATH,
    tag = "events",
    params(EventsQuery),
    security(("session" = [])),
    responses(
        (status = 200, description = "Events by name, with their data as JSON; see Event",
            content_type = "text/event-stream", body = String),
        (status = "4XX", body = Problem),
    ),
)]
pub async fn follow_events(
    State(leader): State<Arc<Leader>>,
    session: MemberSession,
    headers: HeaderMap,
    Parameters(query): Parameters<EventsQuery>,
) -> Result<impl IntoResponse, ApiError> {
    let last = headers.get(LAST_EVENT_ID).map(|id| String::from_utf8_lossy(id.as_bytes()).into_owned());
    let after = last.or(query.after).map(|position| position.parse::<Position>()).transpose()?;
    let reservation = session.reserve_events()?;
    // Listening first: what is committed from here on is in the queue, what was before is in the store.
    let published = leader.ledger.subscribe();
    let follower = Follower::new(leader, session, reservation, published, after)?;
    let stream = stream::unfold(follower, |mut follower| async move {
        let event = follower.next().await?;
        Some((Ok::<_, Infallible>(event), follower))
    });
    Ok(([NO_BUFFERING], Sse::new(stream).keep_alive(KeepAlive::new().interval(KEEP_ALIVE))))
}

/// One stream.
struct Follower {
    leader: Arc<Leader>,
    session: MemberSession,
    published: Receiver<Arc<Published>>,
    /// The jobs of the session's tabs.
    jobs: Feed,
    /// Everything up to here was told.
    told: Position,
    waiting: VecDeque<sse::Event>,
    banner: Banner,
    /// When the session's time is over.
    expiry: Pin<Box<Sleep>>,
    /// Whether the account was told to be read-only.
    read_only: bool,
    is_over: bool,
    _counted: Counted,
    _reservation: EventsReservation,
}

impl Follower {
    fn new(
        leader: Arc<Leader>,
        session: MemberSession,
        reservation: EventsReservation,
        published: Receiver<Arc<Published>>,
        after: Option<Position>,
    ) -> Result<Self, ApiError> {
        let jobs = leader.browsers.follow(session.id());
        let newest = jobs.newest();
        let left_ms = session.expires_ms().saturating_sub(leader.ledger.now_ms());
        let mut follower = Self {
            session,
            published,
            jobs,
            told: Position::default(),
            waiting: VecDeque::new(),
            banner: leader.identity.banner(),
            expiry: Box::pin(tokio::time::sleep(Duration::from_millis(left_ms))),
            read_only: false,
            is_over: false,
            _counted: Counted::new(&leader),
            _reservation: reservation,
            leader,
        };
        let now = follower.leader.ledger.read().position();
        match after {
            None => follower.tell_account()?,
            // The client has seen what this leader does not have, perhaps restored from a backup.
            Some(after) if after.records > now.records || after.blocks > now.blocks => follower.reset()?,
            Some(after) => {
                follower.told = after;
                follower.catch_up()?;
            }
        }
        follower.tell_work(newest)?;
        let text = follower.banner.text();
        if !text.is_empty() {
            follower.push(&Event::Banner(text), None)?;
        }
        Ok(follower)
    }

    /// The next event; none at the end.
    async fn next(&mut self) -> Option<sse::Event> {
        loop {
            if let Some(event) = self.waiting.pop_front() {
                return Some(event);
            }
            if self.is_over {
                return None;
            }
            let told = tokio::select! {
                biased;
                () = self.leader.stopping.cancelled() => return None,
                () = self.session.ended().cancelled() => self.sign_out(),
                () = &mut self.expiry => self.sign_out(),
                published = self.published.recv() => match published {
                    Ok(published) => self.tell(&published),
                    Err(RecvError::Lagged(_)) => self.reset(),
                    Err(RecvError::Closed) => return None,
                },
                work = self.jobs.next() => self.tell_work(work),
                text = self.banner.changed() => self.push(&Event::Banner(text), None),
            };
            // The detail is in the log; the client comes back and resumes.
            told.ok()?;
        }
    }

    fn tell(&mut self, published: &Published) -> Result<(), ApiError> {
        let Published { position, touched, sealed } = published;
        let is_new = position.records > self.told.records || position.blocks > self.told.blocks;
        let has_closed = !self.read_only && self.leader.ledger.read_only().is_some();
        if has_closed || is_new && touched.contains(&self.session.address()) {
            self.catch_up()?;
        }
        self.told.records = self.told.records.max(position.records);
        self.told.blocks = self.told.blocks.max(position.blocks);
        if let Some(BlockSummary { height, hash, first, count }) = sealed {
            let tip = Tip { height: *height, hash: *hash, sealed: first + u64::from(*count) };
            let block = BlockSealed { first: *first, count: *count, tip };
            self.push(&Event::Block(block), Some(self.told))?;
        }
        Ok(())
    }

    /// Tells the movements that were not told yet, and the account.
    fn catch_up(&mut self) -> Result<(), ApiError> {
        let address = self.session.address();
        let (view, now) = views::account(&self.leader, address)?;
        let Some(entries) = self.leader.ledger.read().history_after(&address, self.told, MISSED_MAX)? else {
            return self.reset();
        };
        // What came after the account was read is told with the commit that brought it.
        for entry in entries.into_iter().filter(|entry| entry.at.is_within(now)) {
            match entry.at {
                MovementRef::Record(number) => self.told.records = number + 1,
                MovementRef::Reward(height) => self.told.blocks = height,
            }
            let movement = views::movement(&self.leader, &address, entry);
            self.push(&Event::Movement(movement), Some(self.told))?;
        }
        self.push_account(view, now)
    }

    fn reset(&mut self) -> Result<(), ApiError> {
        // What waits in the queue is all in the account that is told now.
        self.published = self.published.resubscribe();
        self.push(&Event::Reset, None)?;
        self.tell_account()
    }

    fn tell_account(&mut self) -> Result<(), ApiError> {
        let (view, now) = views::account(&self.leader, self.session.address())?;
        self.push_account(view, now)
    }

    fn push_account(&mut self, view: AccountView, now: Position) -> Result<(), ApiError> {
        (self.told, self.read_only) = (now, view.read_only);
        self.push(&Event::Account(view), Some(now))
    }

    fn tell_work(&mut self, work: Vec<MiningWork>) -> Result<(), ApiError> {
        work.into_iter().try_for_each(|work| self.push(&Event::Work(work), None))
    }

    fn sign_out(&mut self) -> Result<(), ApiError> {
        self.is_over = true;
        if self.session.is_suspended() {
            self.push(&Event::Suspended, None)?;
        }
        self.push(&Event::SignedOut, None)
    }

    fn push(&mut self, event: &Event, id: Option<Position>) -> Result<(), ApiError> {
        fn json(content: &impl Serialize) -> Result<String, ApiError> {
            serde_json::to_string(content).map_err(ApiError::internal)
        }
        let data = match event {
            Event::Account(view) => json(view),
            Event::Movement(movement) => json(movement),
            Event::Block(block) => json(block),
            Event::Work(work) => json(work),
            Event::Banner(text) => json(text),
            // Browsers drop an event without data.
            Event::Reset | Event::Suspended | Event::SignedOut => json(&()),
        };
        let mut sent = sse::Event::default().event(event.name()).data(data?);
        if let Some(position) = id {
            sent = sent.id(position.to_string());
        }
        self.waiting.push_back(sent);
        Ok(())
    }
}

/// Counts a stream as long as it is open.
struct Counted(Arc<super::Metrics>);

impl Counted {
    fn new(leader: &Leader) -> Self {
        leader.metrics.stream_opened();
        Self(leader.metrics.clone())
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.stream_closed();
    }
}
