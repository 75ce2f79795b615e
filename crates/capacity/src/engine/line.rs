//! How long steps take, in integers.

use crate::{Decode, Step, StepTime, Time};

/// Steps of one batch without prefill: a line over the cached tokens, and flat below a least time.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Line {
    base: Time,
    per_token: Time,
    least: Time,
}

impl Line {
    fn of(decode: Decode) -> Self {
        let [base, per_token, least] =
            [decode.base, decode.per_token, decode.least].map(Time::from_seconds);
        Line { base, per_token, least }
    }

    /// So many steps of a batch that has `context` tokens cached before them; each adds one a request.
    pub(super) fn steps(self, steps: u64, context: u64, batch: u32) -> Time {
        let (steps, context, batch) = (u128::from(steps), u128::from(context), u128::from(batch));
        let read = |steps: u128| steps * context + batch * (steps * (steps + 1) / 2);
        let flat = self.flat(context, batch).min(steps);
        self.least.times(flat)
            + self.base.times(steps - flat)
            + self.per_token.times(read(steps) - read(flat))
    }

    /// How many of the steps take the least time: caches only grow, so those come first.
    fn flat(self, context: u128, batch: u128) -> u128 {
        let beyond = self.least - self.base;
        if beyond == Time::ZERO {
            return 0;
        }
        let tokens = beyond.over(self.per_token).unwrap_or(u128::MAX);
        tokens.saturating_sub(context) / batch.max(1)
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
        *self.lines[at].get_or_insert_with(|| Line::of(self.times.decode(batch)))
    }

    pub(super) fn mixed(&self, step: &Step) -> Time {
        Time::from_seconds(self.times.seconds(step))
    }
}

#[cfg(test)]
mod tests {
    use super::{Decode, Line, Time};

    #[test]
    fn many_steps_are_the_sum_of_steps() {
        for (per_token, least) in
            [(3.9e-8, 0.0), (3.9e-8, 0.006_55), (3.9e-8, 1.0), (0.0, 0.007), (0.0, 0.005)]
        {
            let decode = Decode { base: 0.006, per_token, least };
            let (line, mut sum, mut context) = (Line::of(decode), Time::ZERO, 12_345);
            for steps in 1..300 {
                context += 17;
                let each = line.base + line.per_token.times(context);
                sum += each.max(line.least);
                assert_eq!(sum, line.steps(steps, 12_345, 17), "{decode:?} {steps}");
            }
        }
    }
}
