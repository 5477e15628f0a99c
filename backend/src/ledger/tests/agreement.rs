//! The engine and a plain model agree on whatever is asked of them, over restarts too.

use super::world::{Kept, Step, World, steps};
use crate::store::MemoryStore;
use proptest::{
    prelude::*,
    strategy::ValueTree,
    test_runner::{Config, TestRunner},
};
use std::sync::Arc;
use tempfile::TempDir;

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().build().unwrap()
}

fn run(kept: Kept, steps: Vec<Step>) -> World {
    let mut world = World::begin(kept);
    runtime().block_on(world.run(steps.into_iter().chain([Step::Restart])));
    world
}

fn memory() -> Kept {
    Kept::Memory(Arc::new(MemoryStore::new()))
}

proptest! {
    #![proptest_config(Config { cases: 48, max_shrink_iters: 2_000, ..Config::default() })]

    #[test]
    fn over_the_memory_store(steps in steps(60)) {
        run(memory(), steps);
    }
}

proptest! {
    #![proptest_config(Config { cases: 16, max_shrink_iters: 500, ..Config::default() })]

    #[test]
    fn over_a_file(steps in steps(60)) {
        run(Kept::File(TempDir::new().unwrap()), steps);
    }
}

/// The random steps would prove little if nearly all that they ask were refused.
#[test]
fn random_steps_reach_every_answer() {
    let mut runner = TestRunner::deterministic();
    let mut answers = [0; 4];
    for _ in 0..8 {
        let steps = steps(120).new_tree(&mut runner).unwrap().current();
        let world = run(memory(), steps);
        answers.iter_mut().zip(world.answers).for_each(|(sum, answers)| *sum += answers);
    }
    let [accepted, repeated, refused, sealed] = answers;
    assert!(accepted > 100 && repeated > 10 && refused > 80 && sealed > 15, "{answers:?}");
}
