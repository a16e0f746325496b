//! Seeded chance, so that a failing run can be repeated.

/// A stream of numbers that a seed determines.
///
/// # Source
/// SplitMix64, Steele, Lea and Flood, "Fast splittable pseudorandom number generators", 2014.
#[derive(Clone, Debug)]
pub struct Dice(u64);

/// Names the environment variable that repeats a run.
const SEED: &str = "EGRET_TEST_SEED";

impl Dice {
    /// The dice of this run: by `EGRET_TEST_SEED`, or by the clock; the seed is printed.
    pub fn of_this_run() -> Self {
        let seed = match std::env::var(SEED) {
            Ok(text) => text
                .parse()
                .unwrap_or_else(|error| panic!("{SEED}={text} is no number: {error}")),
            Err(_) => crate::clock::now().0.cast_unsigned(),
        };
        println!("repeat this run with {SEED}={seed}");
        Self(seed)
    }

    /// The dice of this seed.
    pub fn of(seed: u64) -> Self {
        Self(seed)
    }

    /// A number from 0 to `end`, `end` excluded. Uneven by less than 2^-32 for `end` below 2^32.
    pub fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % end.max(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_seeds_give_equal_numbers_and_others_do_not() {
        let roll = |seed| {
            let mut dice = Dice::of(seed);
            std::iter::repeat_with(|| dice.below(1_000))
                .take(8)
                .collect::<Vec<_>>()
        };
        assert_eq!(roll(1), roll(1));
        assert_ne!(roll(1), roll(2));
    }
}
