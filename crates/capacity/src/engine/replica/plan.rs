//! What is computed next.

use super::run::{Run, Work};
use super::{Due, Lack, Piece, Replica, Seat, Setting};
use crate::engine::blocks::Hit;
use crate::engine::config::{Admission, Engine, Prompts};
use crate::engine::line::Clock;
use crate::{Step, StepTime, Time};
use std::ops::Range;

impl Replica {
    /// Starts a run, if there is something to do.
    pub(in crate::engine) fn plan<T: StepTime + ?Sized>(
        &mut self,
        now: Time,
        setting: &mut Setting<'_, T>,
    ) -> Option<Due> {
        self.queue(now);
        let (lack, pushed_out) = match setting.engine.prompts {
            Prompts::Mixed | Prompts::Whole => self.plan_mixed(setting),
            Prompts::Alone => self.plan_alone(setting),
        };
        if self.admitted() == 0 {
            return self.entering.front().map(|(at, _)| Due::Start(*at));
        }
        let run = self.run_of(now, setting, lack, pushed_out);
        let end = run.end();
        self.run = Some(run);
        Some(Due::End(end))
    }

    /// A token for everybody, and prompts with what is left. What the head of the queue lacks, and whether somebody was
    /// pushed out.
    fn plan_mixed<T: StepTime + ?Sized>(&mut self, setting: &mut Setting<'_, T>) -> (Lack, bool) {
        let mut pushed_out = self.make_room(setting);
        self.blocks.take(self.batch.needs(0..1));
        let mut budget = u64::from(setting.engine.max_batched_tokens) - self.batch.len() as u64;
        pushed_out |= self.continue_piece(setting, &mut budget);
        // What was pushed out is the head of the queue, and stays there for a step.
        let lack = if pushed_out { Lack::Blocks } else { self.admit(setting, &mut budget) };
        (lack, pushed_out)
    }

    /// Prompts, or else a token for everybody.
    fn plan_alone<T: StepTime + ?Sized>(&mut self, setting: &mut Setting<'_, T>) -> (Lack, bool) {
        let mut budget = u64::from(setting.engine.max_batched_tokens);
        let mut pushed_out = self.continue_piece(setting, &mut budget);
        let mut lack = if pushed_out { Lack::Blocks } else { self.admit(setting, &mut budget) };
        if self.pieces.is_empty() {
            if self.make_room(setting) {
                (lack, pushed_out) = (Lack::Blocks, true);
            }
            self.blocks.take(self.batch.needs(0..1));
        }
        (lack, pushed_out)
    }

    /// Those that came in the meantime queue up.
    fn queue(&mut self, now: Time) {
        while let Some(&(at, request)) = self.entering.front()
            && at <= now
        {
            self.entering.pop_front();
            self.waiting.push_back(request);
        }
    }

    /// Pushes out those admitted last until everybody else has a block for the next token.
    fn make_room<T: StepTime + ?Sized>(&mut self, setting: &mut Setting<'_, T>) -> bool {
        let mut pushed_out = false;
        while self.batch.needs(0..1) > self.blocks.free() {
            if let Some(piece) = self.partial.take() {
                self.push_out(piece.seat, piece.cached, setting);
            } else if let Some((seat, cached, left)) = self.batch.pop() {
                let entry = setting.book.of_mut(seat.request);
                entry.made = entry.output - left;
                self.push_out(seat, cached, setting);
            }
            pushed_out = true;
        }
        pushed_out
    }

    fn push_out<T: StepTime + ?Sized>(
        &mut self,
        seat: Seat,
        cached: u64,
        setting: &mut Setting<'_, T>,
    ) {
        self.give_back(seat, cached, setting);
        setting.book.of_mut(seat.request).preemptions += 1;
        self.usage.preemptions += 1;
        self.waiting.push_front(seat.request);
    }

    /// The next piece of the prompt of which a part is computed. Whether it was pushed out for want of blocks.
    fn continue_piece<T: StepTime + ?Sized>(
        &mut self,
        setting: &mut Setting<'_, T>,
        budget: &mut u64,
    ) -> bool {
        let Some(piece) = self.partial.take() else { return false };
        let computed = (piece.goal - piece.cached).min(*budget);
        let needed = setting.engine.blocks_for_piece(piece.cached, computed);
        if needed > self.blocks.free() {
            self.push_out(piece.seat, piece.cached, setting);
            return true;
        }
        self.blocks.take(needed);
        self.compute(piece, computed, setting);
        *budget -= computed;
        false
    }

    /// Admits from the head of the queue as long as there is room. What the next one lacks.
    fn admit<T: StepTime + ?Sized>(
        &mut self,
        setting: &mut Setting<'_, T>,
        budget: &mut u64,
    ) -> Lack {
        while let Some(&request) = self.waiting.front() {
            if self.admitted() == setting.engine.max_sequences as usize {
                return Lack::Seats;
            }
            if *budget == 0 {
                return Lack::Budget;
            }
            match self.admit_one(request, setting, budget) {
                Lack::Nothing => self.waiting.pop_front(),
                lack => return lack,
            };
        }
        Lack::Nothing
    }

    fn admit_one<T: StepTime + ?Sized>(
        &mut self,
        request: u32,
        setting: &mut Setting<'_, T>,
        budget: &mut u64,
    ) -> Lack {
        let (engine, entry) = (&setting.engine, setting.book.of(request));
        let (beginning, goal) = (entry.beginning(engine), entry.known_tokens());
        // The last token is always computed: the next one comes from it.
        let most = u32::try_from((goal - 1) / u64::from(engine.block_tokens)).unwrap_or(u32::MAX);
        let hit = self.blocks.hit(beginning, most);
        let cached = u64::from(hit.blocks) * u64::from(engine.block_tokens);
        let computed = match engine.prompts {
            Prompts::Mixed | Prompts::Alone => (goal - cached).min(*budget),
            Prompts::Whole if goal - cached > *budget && !self.pieces.is_empty() => {
                return Lack::Budget;
            }
            Prompts::Whole => goal - cached,
        };
        let now = engine.blocks_for(cached + computed);
        let (room, taken) = match engine.admission {
            Admission::FirstPiece => (now, now),
            Admission::Prompt => (engine.blocks_for(goal), now),
            Admission::Everything => {
                let all = engine.blocks_for(entry.most_cached());
                (all, all)
            }
        };
        let spare = match engine.prompts {
            Prompts::Mixed | Prompts::Whole => 0,
            Prompts::Alone => self.batch.len() as u64,
        };
        if !self.has_room(room + spare, hit) {
            return Lack::Blocks;
        }
        self.blocks.claim(beginning, hit);
        self.blocks.take(taken - u64::from(hit.blocks));
        let seat = Seat { request, order: self.admissions, named: hit.blocks };
        self.admissions += 1;
        self.compute(Piece { seat, cached, goal }, computed, setting);
        *budget = budget.saturating_sub(computed);
        let entry = setting.book.of_mut(request);
        entry.cached.get_or_insert(hit.blocks * setting.engine.block_tokens);
        Lack::Nothing
    }

    fn has_room(&self, blocks: u64, hit: Hit) -> bool {
        blocks - u64::from(hit.blocks) + u64::from(hit.idle) <= self.blocks.free()
    }

    fn compute<T: StepTime + ?Sized>(
        &mut self,
        mut piece: Piece,
        tokens: u64,
        setting: &Setting<'_, T>,
    ) {
        piece.cached += tokens;
        self.name(&mut piece, setting);
        self.step.prefill_tokens += tokens;
        self.step.prefill_pairs += tokens * (piece.cached - tokens) + tokens * (tokens + 1) / 2;
        self.step.prefill_requests += 1;
        self.pieces.push(piece);
    }

    /// Others find the blocks that are full now.
    pub(super) fn name<T: StepTime + ?Sized>(
        &mut self,
        piece: &mut Piece,
        setting: &Setting<'_, T>,
    ) {
        if !self.blocks.are_shared() {
            return;
        }
        let engine = &setting.engine;
        let full = u32::try_from(piece.cached / u64::from(engine.block_tokens)).unwrap_or(u32::MAX);
        let beginning = setting.book.of(piece.seat.request).beginning(engine);
        piece.seat.named = self.blocks.name(beginning, piece.seat.named, full.min(beginning.full));
    }

    fn run_of<T: StepTime + ?Sized>(
        &mut self,
        start: Time,
        setting: &mut Setting<'_, T>,
        lack: Lack,
        pushed_out: bool,
    ) -> Run {
        let batch = u32::try_from(self.batch.len()).expect("a batch has a limit");
        let context = self.batch.context();
        let used = self.blocks.used();
        let step = std::mem::take(&mut self.step);
        let (steps, work) = if step.prefill_requests > 0 {
            let first = match setting.engine.prompts {
                Prompts::Mixed | Prompts::Whole => {
                    Step { decodes: batch, context: context + u64::from(batch), ..step }
                }
                Prompts::Alone => step,
            };
            self.usage.prefill_tokens += step.prefill_tokens;
            let more = if pushed_out { 0 } else { self.pieces_alike(&first, &setting.engine) };
            prompts(start, first, more, &setting.clock)
        } else {
            let line = setting.clock.line(batch);
            let steps = if pushed_out { 1 } else { self.steps_alike() };
            (steps, Work::Decode { line, context, batch })
        };
        let mut run = Run { start, steps, work, lack, used };
        if self.waiting.is_empty()
            && let Some(&(at, _)) = self.entering.front()
        {
            run.cut(at);
        }
        run
    }

    /// New blocks for the batch in steps with prompts.
    pub(super) fn needs_beside_prompts(&self, steps: Range<u64>, engine: &Engine) -> u64 {
        match engine.prompts {
            Prompts::Mixed | Prompts::Whole => self.batch.needs(steps),
            Prompts::Alone => 0,
        }
    }

    /// Further steps that compute only the next pieces of the same prompt, until somebody ends or finds no block. Each
    /// takes the whole budget, so that nobody can be admitted.
    fn pieces_alike(&self, first: &Step, engine: &Engine) -> u64 {
        let [piece] = self.pieces[..] else { return 0 };
        let tokens = first.prefill_tokens;
        if tokens + u64::from(first.decodes) < u64::from(engine.max_batched_tokens) {
            return 0;
        }
        let ends = if first.decodes == 0 { u64::MAX } else { self.batch.steps_left() - 1 };
        let most = ((piece.goal - piece.cached) / tokens).min(ends).min(MOST_PIECES);
        let needs = |more| {
            self.needs_beside_prompts(1..more + 1, engine)
                + engine.blocks_for_piece(piece.cached, more * tokens)
        };
        (0..=most).rev().find(|more| needs(*more) <= self.blocks.free()).unwrap_or(0)
    }

    /// Steps until somebody ends or finds no block. Nobody can be admitted before: blocks only get fewer.
    fn steps_alike(&self) -> u64 {
        let (mut low, mut high) = (1, self.batch.steps_left());
        let suffices = |steps| self.batch.needs(1..steps) <= self.blocks.free();
        if suffices(high) {
            return high;
        }
        while low + 1 < high {
            let middle = u64::midpoint(low, high);
            if suffices(middle) { low = middle } else { high = middle }
        }
        low
    }
}

/// Steps of a run with pieces of one prompt: their ends are kept.
const MOST_PIECES: u64 = 255;

/// A step with prompts, and so many more with further pieces of the same one.
fn prompts<T: StepTime + ?Sized>(
    start: Time,
    mut step: Step,
    more: u64,
    clock: &Clock<'_, T>,
) -> (u64, Work) {
    let mut end = start + clock.mixed(&step);
    if more == 0 {
        return (1, Work::Mixed { end });
    }
    let mut ends = vec![end];
    for _ in 0..more {
        step.context += u64::from(step.decodes);
        // Each token of a piece attends to all those of the piece before it as well.
        step.prefill_pairs += step.prefill_tokens * step.prefill_tokens;
        end += clock.mixed(&step);
        ends.push(end);
    }
    (more + 1, Work::Pieces { ends })
}
