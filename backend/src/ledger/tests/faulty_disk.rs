//! The disk fails at a random moment of a random workload: nothing acknowledged is lost, nothing wrong is shown, and the
//! ledger goes on or stops and says why; on a disk that is well again it starts, with everything there.

use super::world::{Kept, Part, Running, Step, World, steps};
use crate::ledger::{Change, LedgerError, OpenError, StoreError};
use crate::store::faulty::{Disk, Fault, Plan};
use crate::store::{Batch, Snapshot, Table};
use proptest::{prelude::*, strategy::ValueTree, test_runner::TestRunner};

/// What became of some ledgers on failing disks.
#[derive(Debug, Default)]
struct Outcome {
    struck: u64,
    stopped: usize,
    went_on: usize,
    refused_to_open: usize,
    unanswered_made: usize,
    unanswered_lost: usize,
}

/// Runs workloads on one disk, each with one fault.
async fn suffer(fault: Fault, seed: u64, runner: &mut TestRunner, outcome: &mut Outcome) {
    let disk = Disk::new(seed);
    let mut world = World::begin(Kept::Disk(disk.clone()));
    let first = [1, 2, 3].map(|who| Step::Join { who });
    let credits = [1, 2, 3].map(|to| Step::Credit { to, amount: Part::Percent(20) });
    world.run(first.into_iter().chain(credits).chain([Step::Solve { owner: None }])).await;
    for round in 0..3 {
        let after = (0..operations(fault)).new_tree(runner).unwrap().current();
        let lasts = seed.is_multiple_of(2);
        let before = disk.struck();
        disk.fail(Plan { fault, after, lasts });
        let steps = steps(50).new_tree(runner).unwrap().current();
        let stopped = !work(&mut world, steps).await && !goes_on(&mut world, fault).await;
        let struck = disk.struck() - before;
        outcome.struck += struck;
        outcome.went_on += usize::from(struck > 0 && !stopped);
        outcome.stopped += usize::from(stopped);
        assert!(struck > 0 || !stopped, "it stopped on a disk that is well");
        world.running.take().unwrap().stop(&world.kept);
        if lasts && struck > 0 {
            match Running::start(&world.kept, world.times.clone()) {
                Err(error) => {
                    assert!(matches!(error, OpenError::Store(StoreError::Io { .. })), "{error}");
                    outcome.refused_to_open += 1;
                }
                // What fails may not be needed for a start.
                Ok(running) => drop(running.stop(&world.kept)),
            }
        }
        disk.mend();
        world.running = Some(Running::start(&world.kept, world.times.clone()).expect("the disk is well again"));
        let unanswered = world.unanswered.len();
        world.take_over();
        outcome.unanswered_made += unanswered - world.unanswered.len();
        outcome.unanswered_lost += world.unanswered.len();
        world.check().unwrap_or_else(|error| panic!("round {round} of seed {seed}: {error}"));
        world.send_again().await;
        world.check().unwrap();
    }
    world.restart();
    world.check().unwrap();
    world.running.take().unwrap().stop(&world.kept);
}

/// About as many operations of the fault's kind as a workload makes.
fn operations(fault: Fault) -> u64 {
    match fault {
        Fault::NoSpace | Fault::Write | Fault::PowerAtWrite => 80,
        Fault::Sync | Fault::PowerAtSync => 20,
        Fault::Read | Fault::BitFlip => 1_500,
    }
}

/// Goes through a workload to its end, or until something is not answered; tells which. Whatever can be read is right.
async fn work(world: &mut World, steps: Vec<Step>) -> bool {
    for step in steps {
        if matches!(step, Step::Restart) {
            continue;
        }
        world.take(&step).await;
        // An error is the disk's own; a wrong value fails the test inside.
        let _unreadable = world.check();
        if !world.unanswered.is_empty() || world.unanswered_block.is_some() {
            return false;
        }
    }
    true
}

/// Whether the ledger still takes something, which it may after a read that failed. If not, it says why it has stopped:
/// by itself where a commit failed, else with the next one.
async fn goes_on(world: &mut World, fault: Fault) -> bool {
    let row = |_: &dyn Snapshot| {
        let mut batch = Batch::new();
        batch.put(Table::Members, "row", "row");
        Ok::<_, std::convert::Infallible>(Change { batch, transaction: None, answer: () })
    };
    // A look-up that failed is answered like this, too, and without power every read fails.
    let of_reads = matches!(fault, Fault::Read | Fault::PowerAtWrite | Fault::PowerAtSync);
    let may_not_know = of_reads || !world.promised.is_empty();
    if may_not_know && world.ledger().change(row).await.is_ok() {
        return true;
    }
    let again = world.unanswered.first().cloned();
    let reason = tokio::time::timeout(std::time::Duration::from_secs(20), world.ledger().failed());
    let reason = reason.await.expect("it does not say that it has stopped");
    assert!(reason.contains("cannot read or write the data in the disk"), "{reason}");
    if let Some(sent) = again {
        assert_eq!(world.ledger().submit(sent.signed, sent.memo).await, Err(LedgerError::Stopped));
    }
    false
}

#[test]
fn whatever_fails_nothing_acknowledged_is_lost_and_nothing_wrong_is_shown() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    for fault in Fault::ALL.into_iter().filter(|fault| *fault != Fault::BitFlip) {
        let mut runner = TestRunner::deterministic();
        let mut outcome = Outcome::default();
        for seed in 1..=12 {
            runtime.block_on(suffer(fault, seed, &mut runner, &mut outcome));
        }
        println!("{fault:?}: {outcome:?}");
        assert!(outcome.struck > 12, "{fault:?} has hardly struck: {outcome:?}");
    }
}

/// One bit of one read is wrong, at a start or in a history that someone reads: it is an error, or makes no difference.
#[test]
fn a_bit_that_is_read_wrong_is_never_shown_as_money() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    let mut runner = TestRunner::deterministic();
    let (mut struck, mut told) = (0, 0);
    for seed in 1..=60 {
        let disk = Disk::new(seed);
        let mut world = World::begin(Kept::Disk(disk.clone()));
        let first = steps(40).new_tree(&mut runner).unwrap().current();
        runtime.block_on(world.run([Step::Join { who: 1 }, Step::Join { who: 2 }].into_iter().chain(first)));
        // At its start.
        world.running.take().unwrap().stop(&world.kept);
        let reads = (0..60u64).new_tree(&mut runner).unwrap().current();
        disk.fail(Plan { fault: Fault::BitFlip, after: reads, lasts: false });
        let started =
            std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| Running::start(&world.kept, world.times.clone())));
        match started {
            Ok(Ok(running)) => world.running = Some(running),
            Ok(Err(_)) | Err(_) => {
                told += 1;
                disk.mend();
                world.running = Some(Running::start(&world.kept, world.times.clone()).expect("the disk is well again"));
            }
        }
        // In what someone reads.
        for _ in 0..20 {
            let reads = (0..40u64).new_tree(&mut runner).unwrap().current();
            disk.fail(Plan { fault: Fault::BitFlip, after: reads, lasts: false });
            let read = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| world.check()));
            match read {
                Ok(result) => told += u64::from(result.is_err()),
                Err(panic) => {
                    let words = panic.downcast_ref::<String>().cloned().unwrap_or_default();
                    assert!(!words.contains("assertion"), "seed {seed}: something wrong was shown: {words}");
                    told += 1;
                }
            }
            disk.mend();
        }
        struck += disk.struck();
        // What was read wrong may have ended a thread.
        world.running.take().unwrap().stop(&world.kept);
        world.running = Some(Running::start(&world.kept, world.times.clone()).expect("the disk is well"));
        world.check().expect("everything is there");
        world.running.take().unwrap().stop(&world.kept);
    }
    println!("{struck} bits were turned, {told} of them told as an error");
    assert!(struck > 500 && told > 20, "{struck} bits were turned, {told} told");
}
