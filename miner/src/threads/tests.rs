//! The threads without a server.

use super::*;
use qoin_core::target::Target;
use qoin_miner::{
    job::{Job, JobText},
    kernel::PORTABLE,
};
use std::collections::HashSet;

fn assignment(clean: bool, extranonce2_len: usize, target: Target, first: u64) -> Assignment {
    let text = JobText {
        id: "1".into(),
        previous: "00".repeat(32),
        coinbase_start: "00".into(),
        coinbase_end: "00".into(),
        branch: Vec::new(),
        version: "20000000".into(),
        bits: "1d00ffff".into(),
        time: "504e86b9".into(),
        clean,
    };
    Assignment::new(Job::try_from(text).unwrap(), vec![1], extranonce2_len, target, first)
}

fn pace(threads: usize) -> Pace {
    Pace { threads, duty_percent: 100, niceness: 0 }
}

fn total(threads: &Threads) -> u64 {
    threads.hashes().iter().sum()
}

fn unreachable_target() -> Target {
    let mut bytes = [0; 32];
    bytes[31] = 1;
    Target::from_be_bytes(bytes).unwrap()
}

fn wait_until_asleep(threads: &Threads, count: usize) {
    while threads.sleeping() < count {
        std::thread::yield_now();
    }
}

#[test]
fn no_two_threads_search_the_same() {
    let (sender, mut shares) = mpsc::channel(4);
    let threads = Threads::start(pace(3), PORTABLE, &sender).unwrap();
    threads.work_on(assignment(true, 4, Target::MAX, 0));
    let mut seen = HashSet::new();
    for _ in 0..10_000 {
        let share = shares.blocking_recv().unwrap();
        assert!(seen.insert((share.extranonce2, share.nonce)));
    }
    let extranonces: HashSet<_> = seen.into_iter().map(|(extranonce2, _)| extranonce2).collect();
    assert!(extranonces.len() <= 3, "each thread stays with one: {extranonces:?}");
    drop(shares);
}

#[test]
fn without_work_all_threads_sleep() {
    let (sender, shares) = mpsc::channel(4);
    let threads = Threads::start(pace(3), PORTABLE, &sender).unwrap();
    wait_until_asleep(&threads, 3);
    assert_eq!(threads.hashes(), [0, 0, 0]);
    let working = threads.work_on(assignment(false, 4, unreachable_target(), 0));
    assert!(!threads.is_worthless(&working));
    while total(&threads) == 0 {
        std::thread::yield_now();
    }
    threads.rest();
    wait_until_asleep(&threads, 3);
    assert!(threads.is_worthless(&working));
    assert_eq!(threads.hashes(), threads.hashes(), "nothing is searched any more");
    drop(shares);
}

#[test]
fn only_clean_work_makes_earlier_shares_worthless() {
    let (sender, shares) = mpsc::channel(4);
    let threads = Threads::start(pace(1), PORTABLE, &sender).unwrap();
    let first = threads.work_on(assignment(true, 4, unreachable_target(), 0));
    let second = threads.work_on(assignment(false, 4, unreachable_target(), 0));
    assert!(!threads.is_worthless(&first) && !threads.is_worthless(&second));
    let third = threads.work_on(assignment(true, 4, unreachable_target(), 0));
    assert!(threads.is_worthless(&first) && threads.is_worthless(&second) && !threads.is_worthless(&third));
    drop(shares);
}

#[test]
fn the_second_extranonce_takes_each_value_once_and_goes_around_the_end() {
    let work = assignment(true, 1, Target::MAX, 250);
    let mut values: Vec<_> = std::iter::from_fn(|| work.take_extranonce2()).collect();
    assert_eq!((values[0].as_slice(), values[6].as_slice()), (&[250][..], &[0][..]));
    assert!(!work.is_open());
    values.sort();
    values.dedup();
    assert_eq!(values.len(), 256);

    let work = assignment(true, 10, Target::MAX, 0x0102);
    assert_eq!(work.take_extranonce2().unwrap(), [0, 0, 0, 0, 0, 0, 0, 0, 1, 2]);
    assert_eq!(work.next_extranonce2(), 0x0103);
}

#[test]
fn threads_end_while_one_waits_for_room_among_the_shares() {
    let (sender, mut shares) = mpsc::channel(1);
    let threads = Threads::start(pace(2), PORTABLE, &sender).unwrap();
    threads.work_on(assignment(true, 4, Target::MAX, 0));
    assert!(shares.blocking_recv().is_some());
    drop(shares);
    drop(threads);
}
#[test]
fn a_pause_keeps_the_work_and_ends_with_it_or_without() {
    let (sender, shares) = mpsc::channel(4);
    let threads = Threads::start(pace(2), PORTABLE, &sender).unwrap();
    let working = threads.work_on(assignment(true, 4, unreachable_target(), 0));
    while threads.hashes().contains(&0) {
        std::thread::yield_now();
    }
    threads.pause(true);
    wait_until_asleep(&threads, 2);
    let before = total(&threads);
    // New work during the pause waits for its end, too.
    threads.work_on(assignment(false, 4, unreachable_target(), 0));
    wait_until_asleep(&threads, 2);
    assert!(total(&threads) == before && !threads.is_worthless(&working));
    threads.pause(false);
    while total(&threads) == before {
        std::thread::yield_now();
    }
    threads.pause(true);
    drop(shares);
    drop(threads);
}

#[test]
fn a_thread_that_holds_still_holds_nobody_up() {
    let (sender, shares) = mpsc::channel(4);
    let threads = Threads::start(Pace { duty_percent: 1, ..pace(1) }, PORTABLE, &sender).unwrap();
    threads.work_on(assignment(true, 4, unreachable_target(), 0));
    while total(&threads) == 0 {
        std::thread::yield_now();
    }
    // Now it holds still for many seconds, which must not hold up new work, nor the end.
    threads.work_on(assignment(true, 4, unreachable_target(), 0));
    while total(&threads) <= u64::from(HASHES_PER_COUNT) {
        std::thread::yield_now();
    }
    drop(shares);
    drop(threads);
}
