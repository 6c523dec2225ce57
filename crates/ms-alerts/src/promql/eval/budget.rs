//! What an expression may cost.

use std::cell::Cell;

use super::EvalError;

/// What one expression may look at; Prometheus stops at five times as many.
pub(super) const MOST_SAMPLES: usize = 10_000_000;
/// How often it may look at a series, or evaluate a part of itself: a subquery can do so for hours and find nothing.
const MOST_STEPS: usize = 100_000_000;

/// So many times as much may all steps of a range take together; Prometheus keeps no more samples in memory.
const TIMES: usize = 5;

/// How many samples may be looked at yet, and how many steps taken.
pub(in crate::promql) struct Budget {
    pub(super) samples: Cell<usize>,
    pub(super) steps: Cell<usize>,
}

impl Default for Budget {
    fn default() -> Self {
        Self { samples: Cell::new(MOST_SAMPLES), steps: Cell::new(MOST_STEPS) }
    }
}

impl Budget {
    /// For all steps of a range together.
    pub(in crate::promql) fn of_range() -> Self {
        Self { samples: Cell::new(TIMES * MOST_SAMPLES), steps: Cell::new(TIMES * MOST_STEPS) }
    }

    /// Takes what one step of the range has spent.
    pub(in crate::promql) fn take(&self, step: &Self) -> Result<(), EvalError> {
        let samples = MOST_SAMPLES.saturating_sub(step.samples.get());
        let steps = MOST_STEPS.saturating_sub(step.steps.get());
        self.spend(samples).and_then(|()| self.step(steps)).map_err(|_| EvalError::LongRange)
    }

    pub(super) fn spend(&self, samples: usize) -> Result<(), EvalError> {
        let left = self.samples.get().checked_sub(samples).ok_or(EvalError::TooManySamples)?;
        self.samples.set(left);
        Ok(())
    }

    pub(super) fn step(&self, steps: usize) -> Result<(), EvalError> {
        let left = self.steps.get().checked_sub(steps).ok_or(EvalError::TooManySteps)?;
        self.steps.set(left);
        Ok(())
    }
}
