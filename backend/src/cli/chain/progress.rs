//! How far a verification is: a bar on a terminal, a line now and then elsewhere.

use super::report::thousands;
use super::source::Total;
use qoin::verify::Progress;
use std::io::{IsTerminal, Write, stderr};
use std::time::{Duration, Instant};

/// How often the bar is drawn.
const DRAWN_EVERY: Duration = Duration::from_millis(100);
/// How often a line is written where there is no terminal.
const WRITTEN_EVERY: Duration = Duration::from_secs(10);
/// The bar's width, in characters.
const WIDTH: usize = 24;

/// Tells on standard error how far it is.
pub struct Bar {
    total: Total,
    is_terminal: bool,
    /// Programs read the outcome, and nobody the way there.
    silent: bool,
    began: Instant,
    shown: Option<Instant>,
}

impl Bar {
    /// Without a terminal it is silent if `json` is asked for.
    pub fn new(total: Total, json: bool) -> Self {
        let is_terminal = stderr().is_terminal();
        Self { total, is_terminal, silent: json && !is_terminal, began: Instant::now(), shown: None }
    }

    /// Shows how far it is, if it is time to.
    pub fn show(&mut self, progress: Progress) {
        let every = if self.is_terminal { DRAWN_EVERY } else { WRITTEN_EVERY };
        if self.silent || self.shown.unwrap_or(self.began).elapsed() < every {
            return;
        }
        self.shown = Some(Instant::now());
        let line = line(self.total, progress, self.began.elapsed(), self.is_terminal);
        // Nothing depends on whether it can be seen.
        drop(if self.is_terminal { write!(stderr(), "\r\x1b[2K{line}") } else { writeln!(stderr(), "{line}") });
    }

    /// Takes the bar away.
    pub fn clear(&self) {
        if self.is_terminal && self.shown.is_some() {
            drop(write!(stderr(), "\r\x1b[2K"));
        }
    }
}

fn line(total: Total, progress: Progress, elapsed: Duration, with_bar: bool) -> String {
    let Progress { bytes, height, records } = progress;
    let seconds = elapsed.as_secs_f64().max(0.001);
    let (height, rate) = (thousands(u64::from(height)), thousands((records as f64 / seconds) as u64));
    let done = format!("height {height}, {} transactions, {rate} a second", thousands(records));
    let part = match total {
        Total::Bytes(total) => bytes as f64 / total.max(1) as f64,
        Total::Records(total) => records as f64 / total.max(1) as f64,
        Total::Unknown => return done,
    };
    let part = part.clamp(0.0, 1.0);
    let left = if part > 0.0 { seconds * (1.0 - part) / part } else { 0.0 };
    let percent = (part * 100.0) as u32;
    let full = (part * WIDTH as f64) as usize;
    let bar = if with_bar { format!("[{}{}] ", "#".repeat(full), ".".repeat(WIDTH - full)) } else { String::new() };
    format!("{bar}{percent:>3} %  {done}, {} left", duration(left))
}

fn duration(seconds: f64) -> String {
    let seconds = seconds.ceil() as u64;
    match seconds {
        0..120 => format!("{seconds} s"),
        120..7_200 => format!("{} min", seconds.div_ceil(60)),
        _ => format!("{} h", seconds.div_ceil(3_600)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_tells_part_rate_and_time_left() {
        let progress = Progress { bytes: 250, height: 1_234, records: 100_000 };
        let quarter = line(Total::Bytes(1_000), progress, Duration::from_secs(2), true);
        let bar = "[######..................]";
        assert_eq!(quarter, format!("{bar}  25 %  height 1,234, 100,000 transactions, 50,000 a second, 6 s left"));
        let half = line(Total::Records(200_000), progress, Duration::from_secs(600), false);
        assert_eq!(half, " 50 %  height 1,234, 100,000 transactions, 166 a second, 10 min left");
        let unknown = line(Total::Unknown, progress, Duration::from_secs(2), true);
        assert_eq!(unknown, "height 1,234, 100,000 transactions, 50,000 a second");
    }
}
