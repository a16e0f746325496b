//! What a wall may take: absolute caps, and a multiple of what it took when it had come to rest. Pure.

use egret_shared::wall::Reload;

use super::Excess;

/// After so long everything that a wall shows has been shown once, and its trends are filled.
/// Milliseconds.
const SETTLED_MS: f64 = 10.0 * 60_000.0;

/// How many looks in a row must find too much: a garbage collection may be due.
const LOOKS: u32 = 3;

/// The most elements of a document: some ten times a wall's.
const NODES_MAX: u64 = 40_000;

/// The most bytes on the graphics card: 200,000 assets take 5 MB.
const GPU_BYTES_MAX: u64 = 256_000_000;

/// What comes on top of twice the baseline, so that small figures may double: what scenes differ by.
const SLACK: Held = Held {
    memory_bytes: 96_000_000,
    nodes: 6_000,
    gpu_bytes: 32_000_000,
};

/// What a page takes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Held {
    /// Scripts and WebAssembly together. Bytes.
    pub(crate) memory_bytes: u64,
    /// Elements of the document.
    pub(crate) nodes: u64,
    /// Buffers on the graphics card. Bytes.
    pub(crate) gpu_bytes: u64,
}

/// Looks at what a page takes, again and again.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Watcher {
    baseline: Option<Held>,
    n_over: u32,
}

impl Watcher {
    /// What is too much of what is `held` at `now_ms` (since the page was opened), if it has been for
    /// a while. The caps count from the beginning, the baseline once there is one.
    pub(crate) fn look(&mut self, held: Held, memory_budget: u64, now_ms: f64) -> Option<Excess> {
        if self.baseline.is_none() && now_ms >= SETTLED_MS {
            self.baseline = Some(held);
        }
        let excess = excess(held, self.budget(memory_budget));
        self.n_over = excess.map_or(0, |_| self.n_over.saturating_add(1));
        excess.filter(|_| self.n_over >= LOOKS)
    }

    fn budget(&self, memory_budget: u64) -> Held {
        let caps = Held {
            memory_bytes: memory_budget,
            nodes: NODES_MAX,
            gpu_bytes: GPU_BYTES_MAX,
        };
        let Some(baseline) = self.baseline else {
            return caps;
        };
        let grown = |cap: u64, baseline: u64, slack: u64| {
            cap.min(baseline.saturating_mul(2).saturating_add(slack))
        };
        Held {
            memory_bytes: grown(caps.memory_bytes, baseline.memory_bytes, SLACK.memory_bytes),
            nodes: grown(caps.nodes, baseline.nodes, SLACK.nodes),
            gpu_bytes: grown(caps.gpu_bytes, baseline.gpu_bytes, SLACK.gpu_bytes),
        }
    }
}

fn excess(held: Held, budget: Held) -> Option<Excess> {
    [
        (Reload::Memory, held.memory_bytes, budget.memory_bytes),
        (Reload::Document, held.nodes, budget.nodes),
        (Reload::Graphics, held.gpu_bytes, budget.gpu_bytes),
    ]
    .into_iter()
    .find(|(_, held, budget)| held > budget)
    .map(|(cause, held, budget)| Excess {
        cause,
        held,
        budget,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const BUDGET: u64 = 768_000_000;

    fn held(memory_bytes: u64, nodes: u64) -> Held {
        Held {
            memory_bytes,
            nodes,
            gpu_bytes: 0,
        }
    }

    fn looks(watcher: &mut Watcher, held: Held, at_ms: f64) -> Option<Reload> {
        let mut last = None;
        for _ in 0..LOOKS {
            last = watcher.look(held, BUDGET, at_ms);
        }
        last.map(|excess| excess.cause)
    }

    #[test]
    fn a_cap_counts_from_the_beginning_but_not_at_a_single_look() {
        let mut watcher = Watcher::default();
        assert_eq!(watcher.look(held(BUDGET + 1, 0), BUDGET, 0.0), None);
        assert_eq!(watcher.look(held(10, 0), BUDGET, 1.0), None);
        let over = looks(&mut watcher, held(BUDGET + 1, 0), 2.0);
        assert_eq!(over, Some(Reload::Memory));
    }

    #[test]
    fn what_grows_beyond_twice_what_it_was_at_rest_is_too_much() {
        let mut watcher = Watcher::default();
        // Before the wall has come to rest it may take what it needs.
        assert_eq!(looks(&mut watcher, held(50_000_000, 20_000), 0.0), None);
        let rest = held(80_000_000, 4_000);
        assert_eq!(looks(&mut watcher, rest, SETTLED_MS), None);
        let twice = held(160_000_000, 8_000);
        assert_eq!(looks(&mut watcher, twice, 2.0 * SETTLED_MS), None);
        let leaks = held(160_000_000, 14_001);
        let over = looks(&mut watcher, leaks, 3.0 * SETTLED_MS);
        assert_eq!(over, Some(Reload::Document));
        let heavy = held(256_000_001, 4_000);
        let over = looks(&mut watcher, heavy, 4.0 * SETTLED_MS);
        assert_eq!(over, Some(Reload::Memory));
    }

    #[test]
    fn an_excess_names_what_is_taken_and_what_may_be() {
        let mut watcher = Watcher::default();
        let mut last = None;
        for _ in 0..LOOKS {
            last = watcher.look(held(7, 0), 5, 0.0);
        }
        let wanted = Excess {
            cause: Reload::Memory,
            held: 7,
            budget: 5,
        };
        assert_eq!(last, Some(wanted));
    }
}
