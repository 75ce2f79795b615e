//! A simulator that walks step by step and block by block, as simple as can be: the judge of the fast one.

use super::super::{Admission, Engine, Fleet, History, PrefixCache, Prompts, Router};
use super::super::{Outcome, Refusal, Request};
use crate::load::{Arrival, Load, Source};
use crate::{Step, StepTime, Time};
use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, VecDeque};

pub(super) struct Slow<'a> {
    engine: Engine,
    router: Router,
    piece: u32,
    times: &'a dyn StepTime,
    source: Source<'a>,
    requests: Vec<Asked>,
    replicas: Vec<Server>,
    turn: usize,
    now: Time,
    in_flight: u32,
    in_flight_max: u32,
}

struct Asked {
    arrival: Arrival,
    has_arrived: bool,
    replica: usize,
    cached: Option<u32>,
    made: u32,
    preemptions: u32,
    first: Option<Time>,
    end: Option<Time>,
    refused: Option<Refusal>,
}

#[derive(Default)]
struct Server {
    front: Time,
    entering: Vec<(Time, usize)>,
    waiting: VecDeque<usize>,
    running: Vec<Running>,
    step_end: Option<Time>,
    users: Vec<u32>,
    names: Vec<Option<(u32, u64)>>,
    free: VecDeque<usize>,
    named: BTreeMap<(u32, u64), usize>,
}

struct Running {
    request: usize,
    blocks: Vec<usize>,
    cached: u64,
    scheduled: u64,
    decodes: bool,
}

impl<'a> Slow<'a> {
    pub(super) fn new(fleet: &Fleet, load: &'a Load, times: &'a dyn StepTime) -> Slow<'a> {
        let blocks = fleet.engine.blocks as usize;
        let server = || Server {
            users: vec![0; blocks],
            names: vec![None; blocks],
            free: (0..blocks).collect(),
            ..Server::default()
        };
        Slow {
            engine: fleet.engine,
            router: fleet.router,
            piece: load.sharing().piece,
            times,
            source: Source::new(load),
            requests: Vec::new(),
            replicas: (0..fleet.replicas.get()).map(|_| server()).collect(),
            turn: 0,
            now: Time::ZERO,
            in_flight: 0,
            in_flight_max: 0,
        }
    }

    pub(super) fn run(mut self) -> History {
        for arrival in self.source.start() {
            self.expect(arrival);
        }
        while let Some(now) = self.next_moment() {
            self.now = now;
            for replica in 0..self.replicas.len() {
                self.finish(replica);
            }
            while let Some(request) = self.arrives_now() {
                self.arrive(request);
            }
            for replica in 0..self.replicas.len() {
                self.start(replica);
            }
        }
        History {
            requests: self.requests.into_iter().map(Asked::told).collect(),
            usage: Vec::new(),
            end: self.now.seconds(),
            in_flight_max: self.in_flight_max,
        }
    }

    fn expect(&mut self, arrival: Arrival) {
        self.requests.push(Asked {
            arrival,
            has_arrived: false,
            replica: 0,
            cached: None,
            made: 0,
            preemptions: 0,
            first: None,
            end: None,
            refused: None,
        });
    }

    fn next_moment(&self) -> Option<Time> {
        let arrivals = self.requests.iter().filter(|asked| !asked.has_arrived);
        let ends = self.replicas.iter().filter_map(|server| server.step_end);
        let idle = self.replicas.iter().filter(|server| server.step_end.is_none());
        let enter = idle.flat_map(|server| server.entering.iter().map(|(at, _)| *at));
        arrivals.map(|asked| asked.arrival.at).chain(ends).chain(enter).min()
    }

    fn arrives_now(&self) -> Option<usize> {
        let here = |asked: &Asked| !asked.has_arrived && asked.arrival.at == self.now;
        self.requests.iter().position(here)
    }

    fn arrive(&mut self, request: usize) {
        self.requests[request].has_arrived = true;
        if let Some(next) = self.source.after_arrival() {
            self.expect(next);
        }
        let (prompt, output) = (self.prompt(request), self.output(request));
        let tokens = prompt + output;
        let most = u64::from(self.engine.blocks) * u64::from(self.engine.block_tokens);
        if tokens > u64::from(self.engine.max_tokens) {
            let most = self.engine.max_tokens;
            self.requests[request].refused = Some(Refusal::TooLong { tokens, most });
        } else if tokens - 1 > most {
            self.requests[request].refused = Some(Refusal::LargerThanCache { tokens, most });
        }
        if self.requests[request].refused.is_some() {
            return self.follow();
        }
        self.in_flight += 1;
        self.in_flight_max = self.in_flight_max.max(self.in_flight);
        let replica = self.route(request);
        self.requests[request].replica = replica;
        let prompt = self.requests[request].arrival.prompt;
        let front = &mut self.replicas[replica].front;
        *front = self.now.max(*front) + Time::from_seconds(self.times.front_end(prompt));
        let enters = *front + Time::from_seconds(self.times.crossing());
        self.replicas[replica].entering.push((enters, request));
    }

    fn route(&mut self, request: usize) -> usize {
        let count = self.replicas.len();
        let load = |replica: usize| -> u64 {
            let here = |asked: &&Asked| {
                asked.has_arrived && asked.end.is_none() && asked.refused.is_none()
            };
            let mut unfinished: Vec<&Asked> = self.requests.iter().filter(here).collect();
            unfinished.retain(|asked| asked.replica == replica);
            unfinished.retain(|asked| !std::ptr::eq(*asked, &raw const self.requests[request]));
            let tokens = |asked: &&Asked| asked.arrival.prompt + asked.arrival.output - 1;
            unfinished.iter().map(|asked| u64::from(tokens(asked))).sum()
        };
        let beginning = self.requests[request].arrival.prefix.as_deref().and_then(<[u32]>::first);
        if let (Router::Prefix, Some(name)) = (self.router, beginning) {
            let home = *name as usize % count;
            let all: u64 = (0..count).map(load).sum();
            if load(home) * count as u64 <= 2 * all {
                return home;
            }
        }
        let chosen = match self.router {
            Router::RoundRobin => self.turn,
            Router::LeastTokens | Router::Prefix => (0..count)
                .map(|at| (self.turn + at) % count)
                .min_by_key(|replica| load(*replica))
                .expect("there are replicas"),
        };
        self.turn = (chosen + 1) % count;
        chosen
    }

    fn follow(&mut self) {
        if let Some(next) = self.source.after_end(self.now) {
            self.expect(next);
        }
    }

    fn prompt(&self, request: usize) -> u64 {
        u64::from(self.requests[request].arrival.prompt)
    }

    fn output(&self, request: usize) -> u64 {
        u64::from(self.requests[request].arrival.output)
    }

    /// Tokens that have to be in the cache before the next one comes.
    fn goal(&self, request: usize) -> u64 {
        self.prompt(request) + u64::from(self.requests[request].made)
    }

    fn blocks_for(&self, tokens: u64) -> usize {
        let blocks = tokens.div_ceil(u64::from(self.engine.block_tokens));
        usize::try_from(blocks).expect("tests are small")
    }

    fn finish(&mut self, replica: usize) {
        if self.replicas[replica].step_end != Some(self.now) {
            return;
        }
        self.replicas[replica].step_end = None;
        let mut running = std::mem::take(&mut self.replicas[replica].running);
        // First those that were decoding: prompts were admitted after them.
        running.sort_by_key(|one| !one.decodes);
        for mut one in running {
            if one.scheduled == 0 {
                self.replicas[replica].running.push(one);
                continue;
            }
            one.cached += std::mem::take(&mut one.scheduled);
            if one.cached < self.goal(one.request) {
                self.replicas[replica].running.push(one);
                continue;
            }
            one.decodes = true;
            let asked = &mut self.requests[one.request];
            asked.made += 1;
            asked.first.get_or_insert(self.now);
            if asked.made == asked.arrival.output {
                asked.end = Some(self.now);
                self.in_flight -= 1;
                self.replicas[replica].free(&one.blocks);
                self.follow();
            } else {
                self.replicas[replica].running.push(one);
            }
        }
    }

    fn start(&mut self, replica: usize) {
        if self.replicas[replica].step_end.is_some() {
            return;
        }
        let server = &mut self.replicas[replica];
        server.entering.sort_by_key(|(at, _)| *at);
        server.entering.retain(|(at, request)| {
            let waits = *at > self.now;
            if !waits {
                server.waiting.push_back(*request);
            }
            waits
        });
        let mut budget = u64::from(self.engine.max_batched_tokens);
        match self.engine.prompts {
            Prompts::Mixed | Prompts::Whole => {
                if !self.schedule_running(replica, &mut budget, |_| true) {
                    while budget > 0 && self.admit(replica, &mut budget) {}
                }
            }
            Prompts::Alone => {
                if !self.schedule_running(replica, &mut budget, |one| !one.decodes) {
                    while budget > 0 && self.admit(replica, &mut budget) {}
                }
                if self.replicas[replica].running.iter().all(|one| one.scheduled == 0) {
                    self.schedule_running(replica, &mut budget, |one| one.decodes);
                }
            }
        }
        if let Some(step) = self.step_of(replica) {
            let seconds = if step.prefill_requests > 0 {
                Time::from_seconds(self.times.seconds(&step))
            } else {
                let line = self.times.decode(step.decodes);
                let read = Time::from_seconds(line.per_token).times(u128::from(step.context));
                (Time::from_seconds(line.base) + read).max(Time::from_seconds(line.least))
            };
            self.replicas[replica].step_end = Some(self.now + seconds);
        }
    }

    fn schedule_running(
        &mut self,
        replica: usize,
        budget: &mut u64,
        which: fn(&Running) -> bool,
    ) -> bool {
        let mut pushed_out = false;
        let mut at = 0;
        while at < self.replicas[replica].running.len() {
            let one = &self.replicas[replica].running[at];
            if !which(one) {
                at += 1;
                continue;
            }
            let tokens = (self.goal(one.request) - one.cached).min(*budget);
            assert!(tokens > 0, "the budget has a token for everybody");
            let more = self.blocks_for(one.cached + tokens).saturating_sub(one.blocks.len());
            while more > self.replicas[replica].free.len()
                && at < self.replicas[replica].running.len()
            {
                self.push_out(replica);
                pushed_out = true;
            }
            if at >= self.replicas[replica].running.len() {
                break;
            }
            let taken = self.replicas[replica].take(more);
            let one = &mut self.replicas[replica].running[at];
            one.blocks.extend(taken);
            one.scheduled = tokens;
            *budget -= tokens;
            // Blocks get their names while the prompt is computed: a copy stays one, whatever becomes of the other.
            if !one.decodes {
                self.name(replica, at);
            }
            at += 1;
        }
        pushed_out
    }

    fn push_out(&mut self, replica: usize) {
        let server = &mut self.replicas[replica];
        let one = server.running.pop().expect("somebody runs");
        server.free(&one.blocks);
        server.waiting.push_front(one.request);
        self.requests[one.request].preemptions += 1;
    }

    fn admit(&mut self, replica: usize, budget: &mut u64) -> bool {
        let Some(&request) = self.replicas[replica].waiting.front() else { return false };
        if self.replicas[replica].running.len() == self.engine.max_sequences as usize {
            return false;
        }
        let goal = self.goal(request);
        let hit = self.hit(replica, request, (goal - 1) / u64::from(self.engine.block_tokens));
        let cached = hit.len() as u64 * u64::from(self.engine.block_tokens);
        let is_first = self.replicas[replica].running.iter().all(|one| one.decodes);
        let tokens = match self.engine.prompts {
            Prompts::Mixed | Prompts::Alone => (goal - cached).min(*budget),
            Prompts::Whole if goal - cached > *budget && !is_first => return false,
            Prompts::Whole => goal - cached,
        };
        let all = self.prompt(request) + self.output(request) - 1;
        let (room, taken) = match self.engine.admission {
            Admission::FirstPiece => (cached + tokens, cached + tokens),
            Admission::Prompt => (goal, cached + tokens),
            Admission::Everything => (all, all),
        };
        let (room, taken) = (self.blocks_for(room), self.blocks_for(taken));
        let server = &mut self.replicas[replica];
        let idle = hit.iter().filter(|block| server.users[**block] == 0).count();
        let decoding = server.running.iter().filter(|one| one.decodes).count();
        let spare = if self.engine.prompts == Prompts::Alone { decoding } else { 0 };
        if room + spare - hit.len() + idle > server.free.len() {
            return false;
        }
        server.waiting.pop_front();
        for block in &hit {
            server.free.retain(|free| free != block);
            server.users[*block] += 1;
        }
        let mut blocks = hit.clone();
        blocks.extend(server.take(taken - hit.len()));
        server.running.push(Running { request, blocks, cached, scheduled: tokens, decodes: false });
        *budget = budget.saturating_sub(tokens);
        self.requests[request].cached.get_or_insert(u32::try_from(cached).expect("it is short"));
        let last = self.replicas[replica].running.len() - 1;
        self.name(replica, last);
        true
    }

    /// What a full block of a prompt is known by.
    fn name_of(&self, request: usize, block: u64) -> Option<(u32, u64)> {
        let end = (block + 1) * u64::from(self.engine.block_tokens);
        if self.engine.prefix_cache == PrefixCache::Off || end > self.prompt(request) {
            return None;
        }
        let names = self.requests[request].arrival.prefix.as_deref()?;
        let piece = (end - 1) / u64::from(self.piece);
        Some((*names.get(usize::try_from(piece).ok()?)?, block))
    }

    fn hit(&self, replica: usize, request: usize, most: u64) -> Vec<usize> {
        let known =
            |block| self.replicas[replica].named.get(&self.name_of(request, block)?).copied();
        (0..most).map_while(known).collect()
    }

    fn name(&mut self, replica: usize, at: usize) {
        let one = &self.replicas[replica].running[at];
        let full = (one.cached + one.scheduled) / u64::from(self.engine.block_tokens);
        for place in 0..full {
            let one = &self.replicas[replica].running[at];
            let block = one.blocks[usize::try_from(place).expect("tests are small")];
            if let Some(name) = self.name_of(one.request, place) {
                let server = &mut self.replicas[replica];
                if let Entry::Vacant(unnamed) = server.named.entry(name) {
                    unnamed.insert(block);
                    server.names[block] = Some(name);
                }
            }
        }
    }

    fn step_of(&self, replica: usize) -> Option<Step> {
        let mut step = Step::default();
        for one in self.replicas[replica].running.iter().filter(|one| one.scheduled > 0) {
            if one.decodes {
                step.decodes += 1;
                step.context += one.cached + 1;
            } else {
                step.prefill_requests += 1;
                step.prefill_tokens += one.scheduled;
                step.prefill_pairs += (one.cached + 1..=one.cached + one.scheduled).sum::<u64>();
            }
        }
        (step.decodes + step.prefill_requests > 0).then_some(step)
    }
}

impl Server {
    fn take(&mut self, count: usize) -> Vec<usize> {
        let taken: Vec<usize> = self.free.drain(..count).collect();
        for block in &taken {
            self.users[*block] = 1;
            if let Some(name) = self.names[*block].take() {
                self.named.remove(&name);
            }
        }
        taken
    }

    fn free(&mut self, blocks: &[usize]) {
        for block in blocks.iter().rev() {
            self.users[*block] -= 1;
            if self.users[*block] == 0 {
                self.free.push_back(*block);
            }
        }
    }
}

impl Asked {
    fn told(self) -> Request {
        let outcome = match (self.refused, self.first, self.end) {
            (Some(why), _, _) => Outcome::Refused(why),
            (None, Some(first), Some(end)) => {
                Outcome::Finished { first: first.seconds(), end: end.seconds() }
            }
            _ => Outcome::Unfinished,
        };
        Request {
            arrival: self.arrival.at.seconds(),
            prompt: self.arrival.prompt,
            output: self.arrival.output,
            replica: u32::try_from(self.replica).expect("there are few"),
            cached: self.cached.unwrap_or(0),
            preemptions: self.preemptions,
            outcome,
        }
    }
}
