//! Blocks of a cache.
//!
//! Free blocks wait in a line. Whoever needs one takes the first; what a request gives back goes to the end, its last
//! block before its first. A free block still holds its tokens: if a prompt begins with them, it leaves the line. So
//! the block that nobody used for the longest time is the next to lose what it holds.

use super::config::{Engine, PrefixCache};
use crate::load::Sharing;
use std::collections::VecDeque;
use std::ops::Range;

/// The blocks of one replica.
#[derive(Debug)]
pub(super) struct Blocks {
    total: u64,
    free: u64,
    shared: Option<Shared>,
}

/// Where a prompt's blocks can be shared.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Beginning<'a> {
    /// Names of its beginnings, a piece longer each.
    pub(super) names: &'a [u32],
    /// Full blocks of the prompt.
    pub(super) full: u32,
}

/// Blocks that are cached for a prompt.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Hit {
    pub(super) blocks: u32,
    /// Those that nobody uses: they count as free until they are claimed.
    pub(super) idle: u32,
}

#[derive(Debug)]
struct Shared {
    block_tokens: u64,
    piece: u64,
    /// Blocks that can end in a piece.
    per_piece: u64,
    known: Vec<Known>,
    line: VecDeque<Idle>,
    most: usize,
}

/// What is known of a full block of a prompt.
#[derive(Clone, Copy, Debug, Default)]
struct Known {
    state: State,
    /// How often it was used or left: tells its place in the line from older ones.
    turn: u32,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    #[default]
    Absent,
    Used(u32),
    Free,
}

/// A place in the line of free blocks.
#[derive(Clone, Copy, Debug)]
enum Idle {
    /// So many whose tokens nobody asks for.
    Blank(u64),
    /// One that may be asked for; it has left the line if its turn is another by now.
    Known { block: usize, turn: u32 },
}

impl Blocks {
    pub(super) fn new(engine: &Engine, sharing: Sharing) -> Blocks {
        let total = u64::from(engine.blocks);
        let shares = engine.prefix_cache == PrefixCache::On && sharing.names > 0;
        let shared = shares.then(|| Shared::new(engine, sharing));
        Blocks { total, free: total, shared }
    }

    pub(super) fn free(&self) -> u64 {
        self.free
    }

    /// Whether prompts that begin alike share any.
    pub(super) fn are_shared(&self) -> bool {
        self.shared.is_some()
    }

    pub(super) fn used(&self) -> u64 {
        self.total - self.free
    }

    /// Blocks from the start of a prompt that are cached, at most so many.
    pub(super) fn hit(&self, beginning: Beginning<'_>, most: u32) -> Hit {
        let Some(shared) = &self.shared else { return Hit::default() };
        let mut hit = Hit::default();
        for index in shared.indices(beginning, 0..most) {
            match shared.known[index].state {
                State::Absent => break,
                State::Used(_) => hit.blocks += 1,
                State::Free => hit = Hit { blocks: hit.blocks + 1, idle: hit.idle + 1 },
            }
        }
        hit
    }

    /// Uses what was hit.
    pub(super) fn claim(&mut self, beginning: Beginning<'_>, hit: Hit) {
        let Some(shared) = &mut self.shared else { return };
        self.free -= u64::from(hit.idle);
        for at in 0..hit.blocks {
            if let Some(index) = shared.index(beginning, at) {
                shared.claim(index);
            }
        }
    }

    /// Takes free blocks; there must be as many.
    pub(super) fn take(&mut self, count: u64) {
        self.free = self.free.checked_sub(count).expect("what is taken was counted before");
        if let Some(shared) = &mut self.shared {
            shared.take(count);
        }
    }

    /// Names blocks of a prompt that were taken, so that others find them: `known` of them are already, `computed` are
    /// filled. How many are then.
    pub(super) fn name(&mut self, beginning: Beginning<'_>, known: u32, computed: u32) -> u32 {
        let Some(shared) = &mut self.shared else { return 0 };
        for at in known..computed {
            match shared.index(beginning, at) {
                // A copy of a block that is known stays without a name.
                Some(index) if shared.known[index].state == State::Absent => shared.claim(index),
                _ => return at,
            }
        }
        known.max(computed)
    }

    /// Gives back a request's blocks: those with names, and others behind them.
    pub(super) fn release(&mut self, beginning: Beginning<'_>, known: u32, others: u64) {
        self.free += others;
        let Some(shared) = &mut self.shared else { return };
        shared.push(Idle::Blank(others));
        for at in (0..known).rev() {
            if let Some(index) = shared.index(beginning, at) {
                self.free += shared.leave(index);
            }
        }
    }
}

impl Shared {
    fn new(engine: &Engine, sharing: Sharing) -> Shared {
        let (piece, block_tokens) = (u64::from(sharing.piece), u64::from(engine.block_tokens));
        let per_piece = piece.div_ceil(block_tokens);
        let known = u64::from(sharing.names) * per_piece;
        let known = vec![Known::default(); usize::try_from(known).unwrap_or(usize::MAX)];
        let line = VecDeque::from([Idle::Blank(u64::from(engine.blocks))]);
        let most = 2 * engine.blocks as usize + 64;
        Shared { block_tokens, piece, per_piece, known, line, most }
    }

    /// Where a prompt's block is known: by the beginning in which it ends, and its place there.
    fn index(&self, beginning: Beginning<'_>, block: u32) -> Option<usize> {
        if block >= beginning.full {
            return None;
        }
        let last = (u64::from(block) + 1) * self.block_tokens - 1;
        let piece = last / self.piece;
        let name = *beginning.names.get(usize::try_from(piece).ok()?)?;
        let first = piece * self.piece / self.block_tokens;
        usize::try_from(u64::from(name) * self.per_piece + u64::from(block) - first).ok()
    }

    fn indices<'b>(
        &'b self,
        beginning: Beginning<'b>,
        blocks: Range<u32>,
    ) -> impl Iterator<Item = usize> + 'b {
        blocks.map_while(move |block| self.index(beginning, block))
    }

    fn claim(&mut self, index: usize) {
        let known = &mut self.known[index];
        known.state = match known.state {
            State::Used(users) => State::Used(users + 1),
            State::Absent | State::Free => State::Used(1),
        };
        known.turn = known.turn.wrapping_add(1);
    }

    /// One user less. How many blocks are free now that were not.
    fn leave(&mut self, index: usize) -> u64 {
        let known = &mut self.known[index];
        let State::Used(users) = known.state else { return 0 };
        if users > 1 {
            known.state = State::Used(users - 1);
            return 0;
        }
        known.state = State::Free;
        let turn = known.turn;
        self.push(Idle::Known { block: index, turn });
        1
    }

    fn take(&mut self, mut count: u64) {
        while count > 0 {
            let Some(first) = self.line.pop_front() else { return };
            match first {
                Idle::Blank(blank) if blank > count => {
                    self.line.push_front(Idle::Blank(blank - count));
                    count = 0;
                }
                Idle::Blank(blank) => count -= blank,
                Idle::Known { block, turn } => {
                    if waits(&self.known, block, turn) {
                        self.known[block].state = State::Absent;
                        count -= 1;
                    }
                }
            }
        }
    }

    fn push(&mut self, idle: Idle) {
        if matches!(idle, Idle::Blank(0)) {
            return;
        }
        if self.line.len() >= self.most {
            let known = &self.known;
            self.line.retain(|idle| match *idle {
                Idle::Blank(_) => true,
                Idle::Known { block, turn } => waits(known, block, turn),
            });
        }
        self.line.push_back(idle);
    }
}

fn waits(known: &[Known], block: usize, turn: u32) -> bool {
    known[block].state == State::Free && known[block].turn == turn
}

#[cfg(test)]
mod tests {
    use super::super::config::{Admission, Engine, PrefixCache, Prompts};
    use super::{Beginning, Blocks, Hit};
    use crate::load::Sharing;

    fn blocks(total: u32, block_tokens: u32) -> Blocks {
        let engine = Engine {
            blocks: total,
            block_tokens,
            max_sequences: 1,
            max_batched_tokens: 1,
            max_tokens: 1,
            admission: Admission::Prompt,
            prompts: Prompts::Mixed,
            prefix_cache: PrefixCache::On,
        };
        Blocks::new(&engine, Sharing { piece: 32, names: 4 })
    }

    /// A prompt of two pieces, of two blocks each.
    const PROMPT: Beginning<'_> = Beginning { names: &[0, 1], full: 4 };

    #[test]
    fn the_end_of_a_prompt_is_lost_first() {
        let mut blocks = blocks(6, 16);
        blocks.take(5);
        assert_eq!(blocks.name(PROMPT, 0, 4), 4);
        blocks.release(PROMPT, 4, 1);
        assert_eq!((blocks.free(), blocks.hit(PROMPT, 9)), (6, Hit { blocks: 4, idle: 4 }));
        blocks.take(3);
        assert_eq!(blocks.hit(PROMPT, 9), Hit { blocks: 3, idle: 3 });
    }

    #[test]
    fn what_is_used_is_kept() {
        let mut blocks = blocks(6, 16);
        blocks.take(4);
        blocks.name(PROMPT, 0, 4);
        let other = Beginning { names: &[0, 2], full: 4 };
        let hit = blocks.hit(other, 9);
        assert_eq!(hit, Hit { blocks: 2, idle: 0 });
        blocks.claim(other, hit);
        blocks.release(PROMPT, 4, 0);
        assert_eq!(blocks.free(), 4);
        blocks.take(4);
        assert_eq!((blocks.free(), blocks.hit(PROMPT, 9).blocks), (0, 2));
    }

    #[test]
    fn blocks_longer_than_pieces_are_known_by_their_last_piece() {
        let mut blocks = blocks(4, 48);
        let prompt = Beginning { names: &[0, 1, 2], full: 2 };
        blocks.take(2);
        assert_eq!(blocks.name(prompt, 0, 2), 2);
        let other = Beginning { names: &[0, 1, 3], full: 2 };
        assert_eq!(blocks.hit(other, 2).blocks, 1);
        assert_eq!(blocks.hit(prompt, 2).blocks, 2);
    }
}
