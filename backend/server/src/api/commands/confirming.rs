//! The second, deliberate step: what confirms an order is the answer to having asked for the same.
//!
//! It is no secret: it keeps from ordering by a slip something that was not looked at, not from
//! ordering at all.

use std::collections::BTreeMap;
use std::hash::{Hash as _, Hasher as _};

use egret_shared::actuation::Argument;
use egret_shared::id::{AssetId, CommandId, FeedId};
use egret_shared::time::TimeMs;
use smol_str::SmolStr;
use xxhash_rust::xxh3::Xxh3;

use crate::limits::CONFIRM_FOR;

/// What was asked for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asked<'a> {
    pub(super) by: &'a str,
    pub(super) feed: &'a FeedId,
    pub(super) asset: &'a AssetId,
    pub(super) command: &'a CommandId,
    pub(super) parameters: &'a BTreeMap<SmolStr, Argument>,
    /// Of the server: what was asked before it started again is asked anew.
    pub(super) generation: u64,
}

impl Asked<'_> {
    /// What confirms it, asked for at `now`.
    pub(super) fn token(self, now: TimeMs) -> String {
        format!("{:x}-{:016x}", now.0, self.print(now))
    }

    /// Whether `token` confirms it.
    pub(super) fn is_confirmed_by(self, token: &str, now: TimeMs) -> bool {
        let asked_at = token.split_once('-');
        let asked_at = asked_at.and_then(|(at, _)| i64::from_str_radix(at, 16).ok());
        asked_at.map(TimeMs).is_some_and(|asked_at| {
            let is_fresh = asked_at <= now && now.since(asked_at) <= CONFIRM_FOR;
            is_fresh && token == self.token(asked_at)
        })
    }

    fn print(self, at: TimeMs) -> u64 {
        let mut print = Xxh3::new();
        (self.generation, at.0, self.by).hash(&mut print);
        (self.feed, self.asset, self.command).hash(&mut print);
        for (name, argument) in self.parameters {
            name.hash(&mut print);
            match argument {
                Argument::Switch(on) => (0_u8, on).hash(&mut print),
                Argument::Number(v) => (1_u8, v.to_bits()).hash(&mut print),
                Argument::Word(word) => (2_u8, word).hash(&mut print),
            }
        }
        print.finish()
    }
}

#[cfg(test)]
mod tests {
    use egret_shared::time::Span;

    use super::*;

    #[test]
    fn what_confirms_one_order_confirms_no_other_and_not_for_ever() {
        let on: BTreeMap<SmolStr, Argument> = [("on".into(), Argument::Switch(true))].into();
        let off: BTreeMap<SmolStr, Argument> = [("on".into(), Argument::Switch(false))].into();
        let (feed, other) = ("pump".into(), "gate".into());
        let asked = Asked {
            by: "u-1",
            feed: &feed,
            asset: &"P-1".into(),
            command: &"run".into(),
            parameters: &on,
            generation: 7,
        };
        let now = TimeMs(1_000_000_000_000);
        let token = asked.token(now);
        assert!(asked.is_confirmed_by(&token, now));
        assert!(asked.is_confirmed_by(&token, now.plus(CONFIRM_FOR)));
        assert!(!asked.is_confirmed_by(&token, now.plus(CONFIRM_FOR).plus(Span(1))));
        assert!(!asked.is_confirmed_by(&token, now.minus(Span(1))));
        let others = [
            Asked { by: "u-2", ..asked },
            Asked {
                feed: &other,
                ..asked
            },
            Asked {
                parameters: &off,
                ..asked
            },
            Asked {
                generation: 8,
                ..asked
            },
        ];
        for other in others {
            assert!(!other.is_confirmed_by(&token, now), "{other:?}");
        }
        for wrong in ["", "-", "true", "zz-0", &token[..token.len() - 1]] {
            assert!(!asked.is_confirmed_by(wrong, now), "{wrong}");
        }
    }
}
