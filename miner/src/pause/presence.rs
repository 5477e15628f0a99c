//! Whether someone uses the machine.
//!
//! Two things tell, on Linux: a terminal device was read from a moment ago, which happens when someone types into it
//! (here or over the network); and systemd's login service, which desktops tell when nobody has touched keyboard or
//! mouse for a while, some minutes by default. Where neither tells, nobody seems to be there.

use std::{
    fs,
    path::Path,
    process::{Command, Stdio},
    time::{Duration, Instant, SystemTime},
};
use tokio::{task::spawn_blocking, time::timeout};

/// How long after the last key someone is taken to be still there.
const AFTER_LAST_KEY: Duration = Duration::from_secs(60);
/// How often the login service is asked, and how long it may take to answer.
const SEAT_LOOK: Duration = Duration::from_secs(15);
const SEAT_ANSWER: Duration = Duration::from_secs(2);

/// What is known of the people at the machine.
#[derive(Debug, Default)]
pub struct Presence {
    /// What the login service said last, and when; it is not asked again once it cannot be.
    seat: Option<(Instant, bool)>,
    seat_is_silent: bool,
}

impl Presence {
    /// Whether someone uses the machine now.
    pub async fn is_someone_here(&mut self) -> bool {
        let typed = |folder, is_terminal: fn(&str) -> bool| last_key(Path::new(folder), is_terminal);
        let keys = [typed("/dev", is_console), typed("/dev/pts", is_number)];
        keys.into_iter().flatten().any(is_fresh) || self.is_seat_in_use().await
    }

    async fn is_seat_in_use(&mut self) -> bool {
        if let Some((asked, in_use)) = self.seat
            && asked.elapsed() < SEAT_LOOK
        {
            return in_use;
        }
        if self.seat_is_silent {
            return false;
        }
        let mut question = Command::new("loginctl");
        question.args(["show-seat", "seat0", "--property=ActiveSession", "--property=IdleHint"]);
        question.stdin(Stdio::null()).stderr(Stdio::null());
        let Ok(Ok(Ok(answer))) = timeout(SEAT_ANSWER, spawn_blocking(move || question.output())).await else {
            self.seat_is_silent = true;
            return false;
        };
        let in_use = says_in_use(&String::from_utf8_lossy(&answer.stdout));
        self.seat = Some((Instant::now(), in_use));
        in_use
    }
}

/// Whether a session is at the seat and not idle.
fn says_in_use(answer: &str) -> bool {
    let value = |name| answer.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default();
    !value("ActiveSession=").is_empty() && value("IdleHint=") == "no"
}

/// When a key was last typed into one of the terminals of a folder.
fn last_key(folder: &Path, is_terminal: fn(&str) -> bool) -> Option<SystemTime> {
    let devices = fs::read_dir(folder).ok()?.flatten();
    let terminals = devices.filter(|device| device.file_name().to_str().is_some_and(is_terminal));
    terminals.filter_map(|device| device.metadata().ok()?.accessed().ok()).max()
}

/// A clock that was set back does not make a key of the future fresh for ever.
fn is_fresh(key: SystemTime) -> bool {
    key.elapsed().is_ok_and(|age| age < AFTER_LAST_KEY)
}

/// Virtual consoles, not serial lines, which machines use as well.
fn is_console(name: &str) -> bool {
    name.strip_prefix("tty").is_some_and(is_number)
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_key_of_any_terminal_counts() {
        let folder = tempfile::tempdir().unwrap();
        let now = SystemTime::now();
        for (name, age_s) in [("tty1", 500), ("tty2", 30), ("ttyS0", 1), ("null", 1)] {
            let file = fs::File::create(folder.path().join(name)).unwrap();
            file.set_times(fs::FileTimes::new().set_accessed(now - Duration::from_secs(age_s))).unwrap();
        }
        let key = last_key(folder.path(), is_console).unwrap();
        assert_eq!(key, now - Duration::from_secs(30));
        assert!(is_fresh(key) && !is_fresh(now - AFTER_LAST_KEY) && !is_fresh(now + AFTER_LAST_KEY));
        assert_eq!(last_key(folder.path(), is_number), None);
        assert_eq!(last_key(Path::new("/nonexistent"), is_number), None);
    }

    #[test]
    fn a_seat_is_in_use_while_a_session_on_it_is_not_idle() {
        assert!(says_in_use("ActiveSession=2\nIdleHint=no\n"));
        assert!(!says_in_use("ActiveSession=2\nIdleHint=yes\n"));
        assert!(!says_in_use("ActiveSession=\nIdleHint=no\n"));
        assert!(!says_in_use(""));
    }
}
