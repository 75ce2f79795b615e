//! Requests that get a token in every step.

use super::Seat;
use std::collections::BTreeSet;
use std::ops::Range;

/// The requests that have their prompt behind them.
///
/// All of them get a token in every step. So the step in which one ends is known when it joins, and so are the steps in
/// which it fills a block.
#[derive(Debug)]
pub(super) struct Batch {
    /// In order of admission.
    members: Vec<Member>,
    /// The step after which each ends, and its order of admission.
    ends: BTreeSet<(u64, u64)>,
    /// Steps so far.
    step: u64,
    /// Tokens in the caches of all.
    context: u64,
    /// How many need a new block in a step, by the number of the step modulo the tokens in a block.
    turns: Vec<u32>,
}

/// One of them.
#[derive(Clone, Copy, Debug)]
struct Member {
    seat: Seat,
    /// The step after which it ends.
    end: u64,
    /// The step before which it joined, and the tokens that it had in the cache.
    joined: u64,
    cached: u64,
}

impl Batch {
    /// One that needs a block for each so many tokens, if it does at all.
    pub(super) fn new(block_tokens: Option<u32>) -> Batch {
        let turns = vec![0; block_tokens.unwrap_or(0) as usize];
        Batch { members: Vec::new(), ends: BTreeSet::new(), step: 0, context: 0, turns }
    }

    pub(super) fn len(&self) -> usize {
        self.members.len()
    }

    pub(super) fn context(&self) -> u64 {
        self.context
    }

    /// A request with so many tokens in the cache, and so many to come.
    pub(super) fn join(&mut self, seat: Seat, cached: u64, left: u32) {
        let end = self.step + u64::from(left);
        let member = Member { seat, end, joined: self.step, cached };
        self.context += cached;
        self.ends.insert((end, seat.order));
        if let Some(turn) = self.turn(&member) {
            self.turns[turn] += 1;
        }
        let at = self.members.partition_point(|other| other.seat.order < seat.order);
        self.members.insert(at, member);
    }

    /// The one admitted last leaves before it ends, with so many tokens in the cache and so many to come.
    pub(super) fn pop(&mut self) -> Option<(Seat, u64, u32)> {
        let member = *self.members.last()?;
        let left = u32::try_from(member.end - self.step).expect("an answer has fewer tokens");
        let cached = self.cached(&member);
        self.leave(self.members.len() - 1);
        Some((member.seat, cached, left))
    }

    /// One that has ended by now leaves, with so many tokens in the cache.
    pub(super) fn pop_ended(&mut self) -> Option<(Seat, u64)> {
        let &(end, order) = self.ends.first()?;
        if end > self.step {
            return None;
        }
        let at = self.members.partition_point(|member| member.seat.order < order);
        let member = self.members[at];
        let cached = self.cached(&member);
        self.leave(at);
        Some((member.seat, cached))
    }

    /// Steps until one of them ends.
    pub(super) fn steps_left(&self) -> u64 {
        self.ends.first().map_or(0, |(end, _)| end - self.step)
    }

    /// Each gets so many tokens.
    pub(super) fn advance(&mut self, steps: u64) {
        self.step += steps;
        self.context += steps * self.members.len() as u64;
    }

    /// New blocks for steps from now, counted from zero.
    pub(super) fn needs(&self, steps: Range<u64>) -> u64 {
        let period = self.turns.len() as u64;
        if period == 0 || self.members.is_empty() {
            return 0;
        }
        let count = steps.end.saturating_sub(steps.start);
        let rounds = count / period * self.members.len() as u64;
        let rest = (0..count % period).map(|at| self.step + steps.start + at);
        rounds + rest.map(|step| u64::from(self.turns[Self::index(step, period)])).sum::<u64>()
    }

    fn leave(&mut self, at: usize) {
        let member = self.members.remove(at);
        self.context -= self.cached(&member);
        self.ends.remove(&(member.end, member.seat.order));
        if let Some(turn) = self.turn(&member) {
            self.turns[turn] -= 1;
        }
    }

    fn cached(&self, member: &Member) -> u64 {
        member.cached + self.step - member.joined
    }

    /// The number of the steps in which it needs a block: those before which its blocks are full.
    fn turn(&self, member: &Member) -> Option<usize> {
        let period = self.turns.len() as u64;
        (period > 0)
            .then(|| Self::index(member.joined % period + period - member.cached % period, period))
    }

    #[allow(clippy::cast_possible_truncation, reason = "it is less than the length of a vector")]
    fn index(step: u64, period: u64) -> usize {
        (step % period) as usize
    }
}

#[cfg(test)]
mod tests {
    use super::{Batch, Seat};

    fn seat(order: u64) -> Seat {
        Seat { request: 0, order, named: 0 }
    }

    #[test]
    fn blocks_are_needed_when_others_are_full() {
        let mut batch = Batch::new(Some(4));
        batch.advance(3);
        batch.join(seat(0), 4, 100);
        batch.join(seat(1), 6, 100);
        // The first is full now, the second after two steps.
        let needs: Vec<u64> = (0..8).map(|step| batch.needs(step..step + 1)).collect();
        assert_eq!(needs, [1, 0, 1, 0, 1, 0, 1, 0]);
        assert_eq!((batch.needs(0..101), batch.needs(1..102)), (51, 50));
        batch.advance(2);
        assert_eq!((batch.needs(0..1), batch.context()), (1, 14));
    }

    #[test]
    fn members_end_by_their_step_and_leave_by_their_order() {
        let mut batch = Batch::new(None);
        batch.join(seat(2), 10, 3);
        batch.join(seat(1), 20, 5);
        assert_eq!(batch.steps_left(), 3);
        batch.advance(3);
        assert_eq!(batch.pop_ended().map(|(seat, cached)| (seat.order, cached)), Some((2, 13)));
        assert!(batch.pop_ended().is_none());
        let left = batch.pop().map(|(seat, cached, left)| (seat.order, cached, left));
        assert_eq!((left, batch.context(), batch.needs(0..9)), (Some((1, 23, 2)), 0, 0));
    }
}
