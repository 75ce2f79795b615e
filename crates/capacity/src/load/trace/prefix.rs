//! What prompts begin with.

use std::collections::BTreeMap;
use std::sync::Arc;

/// Beginnings that prompts share: each is named by a number below `names`, and one piece longer than another's.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sharing {
    /// Tokens of a piece; zero where nothing is known to be shared.
    pub piece: u32,
    /// How many beginnings there are.
    pub names: u32,
}

/// Names of beginnings: one more piece is another beginning.
pub(super) struct Prefixes {
    piece: u32,
    names: BTreeMap<(u32, i64), u32>,
}

/// The empty beginning.
const ROOT: u32 = u32::MAX;

impl Prefixes {
    pub(super) fn new(piece: u32) -> Prefixes {
        Prefixes { piece, names: BTreeMap::new() }
    }

    /// Names of the beginnings of a prompt, by the numbers of its pieces.
    pub(super) fn name(&mut self, pieces: &[i64]) -> Option<Arc<[u32]>> {
        let mut parent = ROOT;
        let mut names = Vec::with_capacity(pieces.len());
        for piece in pieces {
            // A file with so many pieces does not fit into memory.
            let next = u32::try_from(self.names.len()).unwrap_or(ROOT);
            parent = *self.names.entry((parent, *piece)).or_insert(next);
            names.push(parent);
        }
        (!names.is_empty()).then(|| names.into())
    }

    pub(super) fn sharing(&self) -> Sharing {
        let names = u32::try_from(self.names.len()).unwrap_or(ROOT);
        if names == 0 { Sharing::default() } else { Sharing { piece: self.piece, names } }
    }
}

#[cfg(test)]
mod tests {
    use super::Prefixes;

    #[test]
    fn a_piece_after_another_is_another_beginning() {
        let mut prefixes = Prefixes::new(512);
        let mut name = |pieces: &[i64]| prefixes.name(pieces).map(|names| names.to_vec());
        assert_eq!(name(&[7, 8]), Some(vec![0, 1]));
        assert_eq!(name(&[7, 9]), Some(vec![0, 2]));
        assert_eq!(name(&[8]), Some(vec![3]));
        assert_eq!(name(&[]), None);
        assert_eq!(prefixes.sharing().names, 4);
    }
}
