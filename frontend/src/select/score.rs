//! What a scorecard says of a department: shares with the numbers behind them. Pure.

use std::collections::BTreeMap;

use egret_shared::id::DepartmentId;
use egret_shared::scorecard::{Scorecard, Tally};

use crate::format;

/// With fewer cases than this a share says little of a department.
const FEW: u32 = 10;

/// A share with the numbers behind it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Share {
    /// The share, and what it is of: `75% (3/4)`.
    pub(crate) text: String,
    /// Whether it is of so few that it says little.
    pub(crate) is_few: bool,
}

/// How many tasks that have ended were done in time.
pub(crate) fn in_time(tally: &Tally) -> Option<Share> {
    let ended = tally.in_time + tally.late;
    (ended > 0).then(|| Share {
        text: format!(
            "{} ({}/{ended})",
            format::percent(tally.in_time, ended),
            tally.in_time
        ),
        is_few: ended < FEW,
    })
}

/// How content people were, of 5.
pub(crate) fn satisfaction(tally: &Tally) -> Option<Share> {
    (tally.judged > 0).then(|| Share {
        text: format!(
            "{:.1} ({})",
            f64::from(tally.score) / f64::from(tally.judged),
            tally.judged
        ),
        is_few: tally.judged < FEW,
    })
}

/// One tally for each department, over all areas of the answer.
pub(crate) fn by_department(cards: &[Scorecard]) -> BTreeMap<DepartmentId, Tally> {
    let mut sums: BTreeMap<DepartmentId, Tally> = BTreeMap::new();
    for card in cards {
        let sum = sums.entry(card.department.clone()).or_default();
        sum.add(&card.tally);
    }
    sums
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_tell_the_numbers_behind_them_and_whether_they_are_few() {
        let tally = Tally {
            given: 9,
            in_time: 3,
            late: 1,
            judged: 20,
            score: 90,
            ..Tally::default()
        };
        assert_eq!(
            in_time(&tally),
            Some(Share {
                text: "75% (3/4)".into(),
                is_few: true
            })
        );
        assert_eq!(
            satisfaction(&tally),
            Some(Share {
                text: "4.5 (20)".into(),
                is_few: false
            })
        );
        assert_eq!(in_time(&Tally::default()), None);
        assert_eq!(satisfaction(&Tally::default()), None);
    }

    #[test]
    fn a_departments_districts_add_up() {
        let card = |area: &str, given| Scorecard {
            month: "2026-06".into(),
            department: "water".into(),
            area: Some(area.into()),
            tally: Tally {
                given,
                ..Tally::default()
            },
        };
        let sums = by_department(&[card("1", 2), card("2", 5)]);
        let given: Vec<u32> = sums.values().map(|tally| tally.given).collect();
        assert_eq!(given, [7]);
    }
}
