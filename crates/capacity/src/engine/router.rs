//! Which replica gets a request.

/// How requests are spread over replicas.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Router {
    /// One after the other.
    RoundRobin,
    /// To the one with the fewest tokens of unfinished requests, prompts and answers, as a gateway counts that knows how
    /// long answers become.
    #[default]
    LeastTokens,
    /// Prompts that begin alike go together, unless their replica has more than twice the mean of tokens: then as
    /// [`Router::LeastTokens`].
    Prefix,
}

/// What a router knows.
#[derive(Debug)]
pub(super) struct Ledger {
    router: Router,
    tokens: Vec<u64>,
    next: usize,
}

impl Ledger {
    pub(super) fn new(router: Router, replicas: usize) -> Ledger {
        Ledger { router, tokens: vec![0; replicas], next: 0 }
    }

    /// The replica for a request, by its tokens and what its prompt begins with.
    pub(super) fn route(&mut self, tokens: u64, beginning: Option<u32>) -> usize {
        let chosen = match (self.router, beginning) {
            (Router::RoundRobin, _) => self.in_turn(),
            (Router::Prefix, Some(name)) => self.at_home(name),
            (Router::LeastTokens | Router::Prefix, _) => self.least(),
        };
        self.tokens[chosen] += tokens;
        chosen
    }

    pub(super) fn settle(&mut self, replica: usize, tokens: u64) {
        self.tokens[replica] -= tokens;
    }

    fn in_turn(&mut self) -> usize {
        let chosen = self.next;
        self.next = (chosen + 1) % self.tokens.len();
        chosen
    }

    /// Of equals the one that waits longest for its turn.
    fn least(&mut self) -> usize {
        let count = self.tokens.len();
        let turns = (0..count).map(|at| (self.next + at) % count);
        let chosen = turns.min_by_key(|replica| self.tokens[*replica]).unwrap_or(0);
        self.next = (chosen + 1) % count;
        chosen
    }

    fn at_home(&mut self, name: u32) -> usize {
        let count = self.tokens.len();
        // Neighbors go to neighbors; names are given as prompts come.
        let home = name as usize % count;
        let all: u64 = self.tokens.iter().sum();
        let fair = self.tokens[home] * count as u64 <= 2 * all;
        if fair { home } else { self.least() }
    }
}

#[cfg(test)]
mod tests {
    use super::{Ledger, Router};

    fn routed(router: Router, requests: &[(u64, Option<u32>)]) -> Vec<usize> {
        let mut ledger = Ledger::new(router, 3);
        requests.iter().map(|(tokens, name)| ledger.route(*tokens, *name)).collect()
    }

    #[test]
    fn by_turn_by_tokens_and_by_beginning() {
        let requests = [(9, None), (1, None), (5, None), (1, None), (1, None)];
        assert_eq!(routed(Router::RoundRobin, &requests), [0, 1, 2, 0, 1]);
        assert_eq!(routed(Router::LeastTokens, &requests), [0, 1, 2, 1, 1]);
        // The second finds its home with all the tokens there are.
        let alike = [(9, Some(4)), (9, Some(4)), (1, Some(5)), (1, Some(4))];
        assert_eq!(routed(Router::Prefix, &alike), [1, 0, 2, 1]);
    }
}
