//! Ground truth: which happening a message tells of, known to the simulator and never sent.
//!
//! A label comes from the cause inside the model: which drain put this gauge under water, which wet
//! place made this call, what took this detector's speed. It is never worked out from distances
//! afterwards, nor from rules. What the weather does to the whole city alike, and what any day
//! brings, has no happening.

use std::fmt;

/// One thing that is going on somewhere, which one case should cover.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Happening {
    /// A drain that runs over: the manhole with this number in the register's order, the low points
    /// that it puts under water, and what comes of that water.
    Water(usize),
    /// A river above its warning stage, at the gauge with this number.
    River(usize),
    /// A burst main.
    Burst(usize),
    /// Gas that leaks.
    Leak(usize),
    /// A pile-up on a road.
    Crash(usize),
    /// A gateway without network: everything behind it is silent until it is back.
    Outage(u64),
    /// A sensor that has never spoken, by its number in the register.
    Dead(usize),
}

impl fmt::Display for Happening {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Water(number) => write!(f, "water-{number}"),
            Self::River(number) => write!(f, "river-{number}"),
            Self::Burst(number) => write!(f, "burst-{number}"),
            Self::Leak(number) => write!(f, "leak-{number}"),
            Self::Crash(number) => write!(f, "crash-{number}"),
            Self::Outage(number) => write!(f, "outage-{number}"),
            Self::Dead(number) => write!(f, "dead-{number}"),
        }
    }
}
