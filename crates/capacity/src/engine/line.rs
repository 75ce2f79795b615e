//! How long steps take, in integers.

use crate::{Step, StepTime, Time};

/// Steps of one batch without prefill: a line over the cached tokens.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Line {
    base: Time,
    per_token: Time,
}

impl Line {
    /// So many steps of a batch that has `context` tokens cached before them; each adds one a request.
    pub(super) fn steps(self, steps: u64, context: u64, batch: u32) -> Time {
        let (steps, context, batch) = (u128::from(steps), u128::from(context), u128::from(batch));
        let read = steps * context + batch * (steps * (steps + 1) / 2);
        self.base.times(steps) + self.per_token.times(read)
    }
}

/// How long steps take, asked once for each size of a batch.
pub(super) struct Clock<'a, T: StepTime + ?Sized> {
    times: &'a T,
    lines: Vec<Option<Line>>,
}

impl<'a, T: StepTime + ?Sized> Clock<'a, T> {
    pub(super) fn new(times: &'a T) -> Self {
        Clock { times, lines: Vec::new() }
    }

    /// What the front end needs for so long a prompt.
    pub(super) fn front_end(&self, prompt: u32) -> Time {
        Time::from_seconds(self.times.front_end(prompt))
    }

    /// From the front end into the queue.
    pub(super) fn crossing(&self) -> Time {
        Time::from_seconds(self.times.crossing())
    }

    pub(super) fn line(&mut self, batch: u32) -> Line {
        let at = batch as usize;
        if self.lines.len() <= at {
            self.lines.resize(at + 1, None);
        }
        *self.lines[at].get_or_insert_with(|| {
            let decode = self.times.decode(batch);
            let (base, per_token) = (decode.base, decode.per_token);
            Line { base: Time::from_seconds(base), per_token: Time::from_seconds(per_token) }
        })
    }

    pub(super) fn mixed(&self, step: &Step) -> Time {
        Time::from_seconds(self.times.seconds(step))
    }
}

#[cfg(test)]
mod tests {
    use super::{Line, Time};

    #[test]
    fn many_steps_are_the_sum_of_steps() {
        let line = Line { base: Time::from_seconds(0.006), per_token: Time::from_seconds(3.9e-8) };
        let (mut sum, mut context) = (Time::ZERO, 12_345);
        for steps in 1..300 {
            sum += line.steps(1, context, 17);
            context += 17;
            assert_eq!(sum, line.steps(steps, 12_345, 17));
        }
    }
}
