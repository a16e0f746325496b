//! What a dry run found: alerts from firing to resolved, put together from their turns.

use std::collections::BTreeMap;

use egret_shared::alert::{AlertKey, AlertState, AlertTurn, Subject};
use egret_shared::id::RuleId;
use egret_shared::level::Level;
use egret_shared::text::Text;
use egret_shared::time::{Span, TimeMs};
use serde::Serialize;

/// What `egret rule dry-run --json` prints.
#[derive(Debug, Serialize)]
pub(super) struct Report {
    pub(super) rule: RuleId,
    pub(super) from: TimeMs,
    pub(super) to: TimeMs,
    /// From when on the journal was folded; absent, from its beginning.
    pub(super) begun_at: Option<TimeMs>,
    pub(super) fired: usize,
    pub(super) still_firing: usize,
    pub(super) incidents_with: usize,
    pub(super) incidents_without: usize,
    /// In the order in which they fired.
    pub(super) alerts: Vec<Episode>,
}

/// One alert, from firing to resolved.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Episode {
    pub(super) key: AlertKey,
    pub(super) fired_at: TimeMs,
    pub(super) resolved_at: Option<TimeMs>,
    /// The highest that it came to.
    pub(super) level: Level,
    /// What it said at that level.
    pub(super) message: Text,
    pub(super) hushed: bool,
}

/// All alerts of a rule.
#[derive(Default)]
pub(super) struct Episodes {
    done: Vec<Episode>,
    open: BTreeMap<AlertKey, Episode>,
}

impl Episodes {
    /// Those that `turns` tell of.
    pub(super) fn of<'t>(turns: impl Iterator<Item = &'t AlertTurn>) -> Self {
        let mut episodes = Self::default();
        for turn in turns {
            episodes.take(turn);
        }
        episodes
    }

    fn take(&mut self, turn: &AlertTurn) {
        if turn.state == AlertState::Resolved {
            // One that fired before the fold began has no beginning here.
            if let Some(mut open) = self.open.remove(&turn.key) {
                open.resolved_at = Some(turn.at);
                self.done.push(open);
            }
            return;
        }
        let open = self
            .open
            .entry(turn.key.clone())
            .or_insert_with(|| Episode {
                key: turn.key.clone(),
                fired_at: turn.at,
                resolved_at: None,
                level: turn.level,
                message: turn.message.clone(),
                hushed: turn.hushed.is_some(),
            });
        if turn.level > open.level {
            open.level = turn.level;
            open.message = turn.message.clone();
        }
        open.hushed &= turn.hushed.is_some();
    }

    /// Those that fired from `from` on, in the order in which they did.
    pub(super) fn since(self, from: TimeMs) -> Vec<Episode> {
        let all = self.done.into_iter().chain(self.open.into_values());
        let mut since: Vec<Episode> = all.filter(|one| one.fired_at >= from).collect();
        since.sort_by(|a, b| (a.fired_at, &a.key).cmp(&(b.fired_at, &b.key)));
        since
    }
}

/// What an alert is about, in one word: `road/G-1`.
pub(super) fn subject(subject: &Subject) -> String {
    match subject {
        Subject::Asset { feed, asset } => format!("{feed}/{asset}"),
        Subject::Metric { metric, area } => format!("{metric}@{area}"),
        Subject::Reports { feed, first } => format!("{feed}/{first}"),
        Subject::Area { area } => format!("area {area}"),
        Subject::Gateway { feed, gateway } => format!("{feed} behind {gateway}"),
        Subject::Feed { feed } => format!("feed {feed}"),
    }
}

/// A length of time in the words of the command line: whole seconds, minutes or hours.
pub(super) fn words(span: Span) -> String {
    let seconds = span.ms() / 1_000;
    match seconds {
        0..120 => format!("{seconds} s"),
        120..7_200 => format!("{} min", seconds / 60),
        _ => format!("{} h", seconds / 3_600),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn turn(n: u64, asset: &str, state: AlertState, level: Level) -> AlertTurn {
        AlertTurn {
            n,
            key: AlertKey {
                rule: "ponding".into(),
                subject: Subject::Asset {
                    feed: "road".into(),
                    asset: asset.into(),
                },
            },
            state,
            level,
            areas: Vec::new(),
            at: TimeMs(i64::try_from(n).unwrap() * 1_000),
            since: TimeMs(0),
            v: None,
            unit: String::new(),
            message: Text::new(level.as_str(), level.as_str()),
            hushed: None,
        }
    }

    #[test]
    fn turns_become_alerts_with_their_highest_level_and_their_length() {
        use AlertState::{Firing, Resolved};
        let turns = [
            turn(1, "G-0", Resolved, Level::Red),
            turn(2, "G-1", Firing, Level::Orange),
            turn(3, "G-2", Firing, Level::Orange),
            turn(4, "G-1", Firing, Level::Red),
            turn(5, "G-1", Firing, Level::Orange),
            turn(6, "G-1", Resolved, Level::Orange),
        ];
        let episodes = Episodes::of(turns.iter()).since(TimeMs(2_000));
        let told: Vec<_> = episodes
            .iter()
            .map(|one| (subject(&one.key.subject), one.level, one.resolved_at))
            .collect();
        assert_eq!(
            told,
            [
                ("road/G-1".to_owned(), Level::Red, Some(TimeMs(6_000))),
                ("road/G-2".to_owned(), Level::Orange, None),
            ]
        );
        assert_eq!(Episodes::of(turns.iter()).since(TimeMs(2_001)).len(), 1);
    }
}
