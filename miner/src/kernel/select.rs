//! The choice of a kernel: a short measurement of each that is sound.

use super::{Kernel, PORTABLE, Work, available};
use std::time::Duration;

/// A batch of hashes takes at least this long, so that the clock's grain does not count.
const BATCH: Duration = Duration::from_millis(4);
/// Batches a kernel; the fastest counts, since whatever else the processor does can only slow one down.
const BATCHES: usize = 3;

/// A kernel and how fast it is on this processor.
#[derive(Debug, Clone, Copy)]
pub struct Measured {
    /// The kernel.
    pub kernel: Kernel,
    /// Hashes a second of one thread.
    pub rate: f64,
}

/// The kernels of this processor.
#[derive(Debug, Clone)]
pub struct Selection {
    /// Those that are sound, the fastest first.
    pub sound: Vec<Measured>,
    /// Those that are not, and must not be used.
    pub faulty: Vec<Kernel>,
}

impl Selection {
    /// Checks and measures every available kernel, which takes some tenths of a second. `now` is the time since any
    /// fixed moment.
    pub fn measure(now: impl Fn() -> Duration) -> Self {
        let (sound, faulty): (Vec<_>, Vec<_>) = available().into_iter().partition(Kernel::is_sound);
        let mut sound: Vec<_> =
            sound.into_iter().map(|kernel| Measured { kernel, rate: kernel.rate(BATCH, BATCHES, &now) }).collect();
        sound.sort_by(|left, right| right.rate.total_cmp(&left.rate));
        Self { sound, faulty }
    }

    /// The fastest sound kernel; the portable one if, against all expectation, none is sound.
    pub fn fastest(&self) -> Kernel {
        self.sound.first().map_or(PORTABLE, |measured| measured.kernel)
    }
}

impl Kernel {
    /// Hashes a second in the fastest of `batches` batches, each of which takes at least `batch`.
    pub fn rate(&self, batch: Duration, batches: usize, now: &impl Fn() -> Duration) -> f64 {
        // No hash meets the target, so that every nonce of a batch is looked at.
        let work = Work::new(&[0; 80], 0);
        let time = |hashes: u32| {
            let start = now();
            std::hint::black_box((self.first_candidate)(&work, 0, hashes - 1));
            now().saturating_sub(start)
        };
        let shortest = |hashes| (0..batches.max(1)).map(|_| time(hashes)).min().unwrap_or(batch);
        let (mut hashes, mut best) = (1 << 12, shortest(1 << 12));
        while best < batch && hashes < 1 << 30 {
            hashes *= 2;
            best = shortest(hashes);
        }
        f64::from(hashes) / best.as_secs_f64().max(f64::MIN_POSITIVE)
    }
}
