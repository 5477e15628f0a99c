//! The live view: a block of lines at the end of the terminal, drawn over every second with plain ANSI sequences, so
//! that what was there before stays readable above it.

use super::Messages;
use crate::{
    rates::{Rate, readable},
    report::Report,
};
use std::{
    convert::Infallible,
    fmt::Write as _,
    io::{self, Write as _},
};
use tokio::sync::watch;

/// The threads that are shown one by one; a machine with more shows the others only in the sum.
const THREADS_SHOWN: usize = 16;
/// The terminal's size where it does not tell.
const COLUMNS: usize = 80;
const ROWS: usize = 24;
/// The chart's bars, from nothing to the highest.
const BARS: [char; 9] = [' ', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// Draws each report; never returns.
pub async fn draw(messages: &Messages, mut reports: watch::Receiver<Report>) -> Infallible {
    let mut drawn = 0;
    // The cursor would jump about.
    print("\x1b[?25l");
    loop {
        if reports.changed().await.is_err() {
            // The program is ending.
            return std::future::pending().await;
        }
        let (columns, rows) = size();
        let mut lines = lines(&reports.borrow_and_update(), &messages.latest());
        lines.truncate(rows.saturating_sub(1));
        print(&frame(&lines, columns, drawn));
        drawn = lines.len();
    }
}

/// Shows the cursor again, and the last messages, which no frame may have held.
pub fn end(messages: &Messages) {
    let last = messages.latest().pop().map(|line| format!("{line}\n")).unwrap_or_default();
    print(&format!("\x1b[?25h{last}"));
}

/// A closed terminal is no reason to stop mining.
fn print(text: &str) {
    let mut out = io::stdout().lock();
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}

/// Columns and rows.
fn size() -> (usize, usize) {
    #[cfg(unix)]
    if let Ok(size) = rustix::termios::tcgetwinsize(io::stdout())
        && size.ws_col > 0
        && size.ws_row > 0
    {
        return (size.ws_col.into(), size.ws_row.into());
    }
    (COLUMNS, ROWS)
}

/// The sequence that draws the lines over the `drawn` ones of the frame before.
fn frame(lines: &[String], columns: usize, drawn: usize) -> String {
    let mut text = String::new();
    if drawn > 0 {
        let _ = write!(text, "\x1b[{drawn}A");
    }
    for line in lines {
        // A line that wrapped would shift the next frame.
        text.extend(line.chars().take(columns));
        text.push_str("\x1b[K\n");
    }
    // What is left of a longer frame.
    text.push_str("\x1b[J");
    text
}

fn lines(report: &Report, messages: &[String]) -> Vec<String> {
    let tally = &report.tally;
    let connection = match (&tally.server, tally.paused) {
        (_, Some(reason)) => format!("pausing: {reason}"),
        (None, None) => "no connection".into(),
        (Some(server), None) if tally.difficulty.is_none() => format!("{server}, no work: sleeping"),
        (Some(server), None) => format!("{server}, working"),
    };
    let height = tally.height.map_or("-".into(), |height| height.to_string());
    let difficulty = tally.difficulty.map_or("-".into(), |difficulty| format!("{difficulty:.6}"));
    let (accepted, late, rejected) = (tally.shares_accepted, tally.shares_late, tally.shares_rejected);
    let mut lines = vec![
        String::new(),
        format!("qoin-miner {}   kernel {}   {}", report.version, report.kernel, uptime(report.uptime_s)),
        format!("connection  {connection}"),
        format!("block       {height}   share difficulty {difficulty}"),
        format!("shares      {accepted} accepted, {late} too late, {rejected} rejected"),
        format!("blocks      {}   rewards {} smallest units", tally.blocks, tally.rewards),
        String::new(),
        format!("{:<10}{:>14}{:>14}{:>14}", "", "10 s", "60 s", "15 min"),
    ];
    let row = |name: String, rate: &Rate| {
        let [short, middle, long] = [rate.ten_seconds, rate.minute, rate.quarter_hour].map(readable);
        format!("{name:<10}{short:>14}{middle:>14}{long:>14}")
    };
    let shown = report.threads.iter().take(THREADS_SHOWN).enumerate();
    lines.extend(shown.map(|(number, rate)| row(format!("thread {number}"), rate)));
    lines.push(row("all".into(), &report.rate));
    lines.push(format!("last minute {}", chart(&report.course)));
    lines.push(String::new());
    lines.extend_from_slice(messages);
    lines
}

fn uptime(seconds: u64) -> String {
    format!("up {}:{:02}:{:02}", seconds / 3_600, seconds / 60 % 60, seconds % 60)
}

/// A bar for each value, the highest of them full.
fn chart(values: &[f64]) -> String {
    let highest = values.iter().copied().fold(f64::MIN_POSITIVE, f64::max);
    values.iter().map(|value| BARS[(value / highest * (BARS.len() - 1) as f64).round() as usize]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tally::Tally;

    fn report() -> Report {
        let rate = Rate { ten_seconds: 48.3e6, minute: 47.2e6, quarter_hour: 1e6 };
        let tally = Tally {
            server: Some("leader:3333".into()),
            height: Some(42),
            difficulty: Some(0.25),
            paused: None,
            shares_accepted: 7,
            shares_late: 1,
            shares_rejected: 2,
            blocks: 3,
            rewards: 900,
        };
        Report { uptime_s: 3_723, rate, threads: vec![rate; 2], tally, ..Report::new("avx2") }
    }

    #[test]
    fn everything_has_its_line() {
        let text = lines(&report(), &["a message".into()]).join("\n");
        for part in [
            "kernel avx2   up 1:02:03",
            "leader:3333, working",
            "42   share difficulty 0.250000",
            "7 accepted, 1 too late, 2 rejected",
            "3   rewards 900 smallest units",
            "thread 1      48.30 MH/s    47.20 MH/s     1.00 MH/s",
            "all           48.30 MH/s",
            "\na message",
        ] {
            assert!(text.contains(part), "{part:?} is not in\n{text}");
        }
        let mut idle = report();
        idle.tally.difficulty = None;
        assert!(lines(&idle, &[]).join("\n").contains("no work: sleeping"));
        idle.tally.paused = Some("on battery");
        assert!(lines(&idle, &[]).join("\n").contains("pausing: on battery"));
        assert!(lines(&Report::new("avx2"), &[]).join("\n").contains("no connection"));
    }

    #[test]
    fn a_frame_covers_the_one_before_and_never_wraps() {
        let lines = ["short".to_owned(), "x".repeat(100)];
        assert_eq!(frame(&lines, 10, 0), format!("short\x1b[K\n{}\x1b[K\n\x1b[J", "x".repeat(10)));
        assert!(frame(&lines, 10, 5).starts_with("\x1b[5A"));
    }

    #[test]
    fn the_chart_reaches_from_nothing_to_the_highest() {
        assert_eq!(chart(&[0.0, 50.0, 100.0]), " ▄█");
        assert_eq!(chart(&[0.0]), " ");
        assert_eq!(chart(&[]), "");
    }
}
