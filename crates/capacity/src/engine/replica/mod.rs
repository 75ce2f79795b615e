//! One replica: its queue, its batch and its blocks.
//!
//! A replica is idle or in a *run*: one step that computes prompts, or any number of steps in which each request of
//! the batch gets a token. [`Replica::plan`] decides on the next run, [`Replica::finish`] carries it out,
//! [`Replica::enter`] cuts it short at the step after which a new request can join.

mod batch;
mod plan;
mod run;

use super::blocks::Blocks;
use super::book::Book;
use super::config::{Admission, Engine};
use super::history::Usage;
use super::line::Clock;
use crate::load::Sharing;
use crate::{Step, StepTime, Time};
use batch::Batch;
use run::Run;
use std::collections::VecDeque;

/// What all replicas have in common.
pub(super) struct Setting<'a, T: StepTime + ?Sized> {
    pub(super) engine: Engine,
    pub(super) clock: Clock<'a, T>,
    pub(super) book: Book,
}

/// One replica.
#[derive(Debug)]
pub(super) struct Replica {
    blocks: Blocks,
    /// When the front end is free.
    front: Time,
    /// Routed here, and not yet tokens.
    entering: VecDeque<(Time, u32)>,
    waiting: VecDeque<u32>,
    batch: Batch,
    /// Prompts of the run, and the one of which a piece is left.
    pieces: Vec<Piece>,
    partial: Option<Piece>,
    /// What the prompts of the run add to its step.
    step: Step,
    admissions: u64,
    run: Option<Run>,
    usage: Usage,
}

/// A request that was admitted.
#[derive(Clone, Copy, Debug)]
struct Seat {
    request: u32,
    /// Those admitted later are pushed out first.
    order: u64,
    /// Blocks that others can share.
    named: u32,
}

/// A request whose prompt is computed.
#[derive(Clone, Copy, Debug)]
struct Piece {
    seat: Seat,
    /// Tokens in the cache, after the run.
    cached: u64,
    /// Tokens that have to be there before the next token of the answer.
    goal: u64,
}

impl Replica {
    pub(super) fn new(engine: &Engine, sharing: Sharing) -> Replica {
        // Blocks that are reserved from the start are not counted as the batch grows.
        let block_tokens = match engine.admission {
            Admission::Everything => None,
            Admission::FirstPiece | Admission::Prompt => Some(engine.block_tokens),
        };
        Replica {
            blocks: Blocks::new(engine, sharing),
            front: Time::ZERO,
            entering: VecDeque::new(),
            waiting: VecDeque::new(),
            batch: Batch::new(block_tokens),
            pieces: Vec::new(),
            partial: None,
            step: Step::default(),
            admissions: 0,
            run: None,
            usage: Usage::default(),
        }
    }

    /// A request that was sent now, and will be in the queue once the front end has read it. What the replica does next
    /// is then due at the moment that is returned, if that changed.
    pub(super) fn enter<T: StepTime + ?Sized>(
        &mut self,
        request: u32,
        prompt: u32,
        now: Time,
        clock: &Clock<'_, T>,
    ) -> Option<Due> {
        self.front = self.front.max(now) + clock.front_end(prompt);
        let at = self.front + clock.crossing();
        let due = self.due_with(at);
        self.entering.push_back((at, request));
        due
    }

    fn due_with(&mut self, at: Time) -> Option<Due> {
        let is_first = self.entering.front().is_none_or(|(first, _)| at < *first);
        // Between two runs as well as when idle.
        let has_nothing = self.waiting.is_empty() && self.admitted() == 0;
        match &mut self.run {
            Some(run) if self.waiting.is_empty() => run.cut(at).then(|| Due::End(run.end())),
            None if has_nothing && is_first => Some(Due::Start(at)),
            _ => None,
        }
    }

    pub(super) fn usage(&self) -> Usage {
        self.usage
    }

    fn admitted(&self) -> usize {
        self.batch.len() + self.pieces.len() + usize::from(self.partial.is_some())
    }
}

/// What a replica does next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Due {
    /// A run ends.
    End(Time),
    /// A run starts.
    Start(Time),
}

/// What keeps the head of the queue there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Lack {
    Nothing,
    Blocks,
    Seats,
    Budget,
}
