//! When the miner holds still of itself: on battery, and while someone uses the machine.

mod battery;
mod presence;

use crate::{tally::Tally, threads::Threads};
use presence::Presence;
use qoin_miner::config::Settings;
use std::{convert::Infallible, path::Path, time::Duration};
use tokio::{
    sync::watch,
    time::{MissedTickBehavior, interval},
};

/// How often the system is asked.
const LOOK: Duration = Duration::from_secs(2);
/// Where Linux lists what the machine draws its power from.
const POWER_SUPPLIES: &str = "/sys/class/power_supply";

/// Pauses the threads as the settings ask; never returns.
pub async fn mind(settings: &Settings, threads: &Threads, tally: &watch::Sender<Tally>) -> Infallible {
    if !settings.pause_on_battery && !settings.pause_while_used {
        return std::future::pending().await;
    }
    let mut presence = Presence::default();
    let mut looks = interval(LOOK);
    looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        looks.tick().await;
        let reason = if settings.pause_on_battery && battery::is_drained(Path::new(POWER_SUPPLIES)) {
            Some("on battery")
        } else if settings.pause_while_used && presence.is_someone_here().await {
            Some("someone uses the machine")
        } else {
            None
        };
        if tally.borrow().paused != reason {
            threads.pause(reason.is_some());
            tally.send_modify(|tally| tally.paused = reason);
            match reason {
                Some(reason) => tracing::info!("pausing: {reason}"),
                None => tracing::info!("going on after the pause"),
            }
        }
    }
}
