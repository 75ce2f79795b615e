//! A run, and what it leaves.

use super::{Due, Lack, Piece, Replica, Seat, Setting};
use crate::engine::config::{Admission, Prompts};
use crate::engine::line::Line;
use crate::{StepTime, Time};

/// What a replica does at the moment.
#[derive(Clone, Debug)]
pub(super) struct Run {
    pub(super) start: Time,
    pub(super) steps: u64,
    pub(super) work: Work,
    /// What keeps the head of the queue there.
    pub(super) lack: Lack,
    /// Blocks in use in its first step.
    pub(super) used: u64,
}

#[derive(Clone, Debug)]
pub(super) enum Work {
    /// One step that computes prompts.
    Mixed { end: Time },
    /// Steps with a piece of the same prompt each, and nothing of another: when each ends.
    Pieces { ends: Vec<Time> },
    /// Steps of a batch that had so many tokens cached before them.
    Decode { line: Line, context: u64, batch: u32 },
}

impl Run {
    pub(super) fn end(&self) -> Time {
        self.after(self.steps)
    }

    fn after(&self, steps: u64) -> Time {
        match &self.work {
            Work::Mixed { end } => *end,
            Work::Pieces { ends } => self.at(ends, steps),
            Work::Decode { line, context, batch } => {
                self.start + line.steps(steps, *context, *batch)
            }
        }
    }

    /// When so many of the steps have ended.
    fn at(&self, ends: &[Time], steps: u64) -> Time {
        let last = usize::try_from(steps).ok().and_then(|steps| steps.checked_sub(1));
        last.and_then(|last| ends.get(last)).copied().unwrap_or(self.start)
    }

    /// Ends it with the first step that does not end before a moment. Whether that changed it.
    pub(super) fn cut(&mut self, at: Time) -> bool {
        if self.steps == 1 || self.after(self.steps - 1) < at {
            return false;
        }
        let (mut low, mut high) = (0, self.steps - 1);
        while low + 1 < high {
            let middle = u64::midpoint(low, high);
            if self.after(middle) < at { low = middle } else { high = middle }
        }
        self.steps = high;
        true
    }
}

impl Replica {
    /// Ends the run. Requests that ended with it are added to a list.
    pub(in crate::engine) fn finish<T: StepTime + ?Sized>(
        &mut self,
        now: Time,
        setting: &mut Setting<'_, T>,
        ended: &mut Vec<u32>,
    ) -> Due {
        let run = self.run.take().expect("a run that ends was started");
        if let Work::Pieces { ends } = &run.work {
            self.walk(&run, ends, setting);
        } else {
            self.blocks.take(self.batch.needs(1..run.steps));
            self.record(&run, now);
        }
        match (&run.work, setting.engine.prompts) {
            (Work::Mixed { .. } | Work::Pieces { .. }, Prompts::Alone) => {}
            _ => self.batch.advance(run.steps),
        }
        while let Some((seat, cached)) = self.batch.pop_ended() {
            self.end(seat, cached, now, setting, ended);
        }
        for at in 0..self.pieces.len() {
            self.finish_piece(self.pieces[at], now, setting, ended);
        }
        self.pieces.clear();
        Due::Start(now)
    }

    /// The steps of a prompt one by one: the first has its blocks.
    fn walk<T: StepTime + ?Sized>(&mut self, run: &Run, ends: &[Time], setting: &Setting<'_, T>) {
        let Some(mut piece) = self.pieces.pop() else { return };
        let beside = match setting.engine.prompts {
            Prompts::Mixed | Prompts::Whole => self.batch.len() as u64,
            Prompts::Alone => 0,
        };
        let tokens = u64::from(setting.engine.max_batched_tokens) - beside;
        let (mut start, mut used) = (run.start, run.used);
        for (step, end) in (0..run.steps).zip(ends) {
            if step > 0 {
                let others = self.needs_beside_prompts(step..step + 1, &setting.engine);
                let own = setting.engine.blocks_for_piece(piece.cached, tokens);
                self.blocks.take(others + own);
                piece.cached += tokens;
                self.name(&mut piece, setting);
                used = self.blocks.used();
            }
            let work = Work::Mixed { end: *end };
            self.record(&Run { start, steps: 1, work, lack: run.lack, used }, *end);
            start = *end;
        }
        self.usage.prefill_tokens += tokens * (run.steps - 1);
        self.pieces.push(piece);
    }

    fn finish_piece<T: StepTime + ?Sized>(
        &mut self,
        piece: Piece,
        now: Time,
        setting: &mut Setting<'_, T>,
        ended: &mut Vec<u32>,
    ) {
        if piece.cached < piece.goal {
            self.partial = Some(piece);
            return;
        }
        let entry = setting.book.of_mut(piece.seat.request);
        entry.made += 1;
        entry.first.get_or_insert(now);
        match entry.output - entry.made {
            0 => self.end(piece.seat, piece.cached, now, setting, ended),
            left => self.batch.join(piece.seat, piece.cached, left),
        }
    }

    fn end<T: StepTime + ?Sized>(
        &mut self,
        seat: Seat,
        cached: u64,
        now: Time,
        setting: &mut Setting<'_, T>,
        ended: &mut Vec<u32>,
    ) {
        self.give_back(seat, cached, setting);
        setting.book.finish(seat.request, now);
        ended.push(seat.request);
    }

    pub(super) fn give_back<T: StepTime + ?Sized>(
        &mut self,
        seat: Seat,
        cached: u64,
        setting: &Setting<'_, T>,
    ) {
        let (engine, entry) = (&setting.engine, setting.book.of(seat.request));
        let held = match engine.admission {
            Admission::Everything => engine.blocks_for(entry.most_cached()),
            Admission::FirstPiece | Admission::Prompt => engine.blocks_for(cached),
        };
        self.blocks.release(entry.beginning(engine), seat.named, held - u64::from(seat.named));
    }

    #[allow(clippy::cast_precision_loss, reason = "there are fewer blocks, and sums are rounded")]
    fn record(&mut self, run: &Run, now: Time) {
        let (seconds, used) = ((now - run.start).seconds(), self.blocks.used() as f64);
        let total = used + self.blocks.free() as f64;
        let usage = &mut self.usage;
        match run.work {
            Work::Mixed { .. } | Work::Pieces { .. } => usage.prefilling += seconds,
            Work::Decode { .. } => usage.decoding += seconds,
        }
        match run.lack {
            Lack::Nothing => {}
            Lack::Blocks => usage.short_of_blocks += seconds,
            Lack::Seats => usage.short_of_seats += seconds,
            Lack::Budget => usage.short_of_budget += seconds,
        }
        usage.steps += run.steps;
        usage.batch_seconds += self.batch.len() as f64 * seconds;
        usage.cache_seconds += f64::midpoint(run.used as f64, used) / total * seconds;
        usage.cache_max = usage.cache_max.max(used / total);
    }
}
