//! Which incident takes the wall over, and for how long: once for each incident and level, the newest
//! first, until its time is over or somebody has taken it in hand. Pure, and bounded by the list of
//! incidents.

use std::collections::BTreeMap;
use std::sync::Arc;

use egret_shared::id::IncidentId;
use egret_shared::incident::{Incident, IncidentState};
use egret_shared::level::Level;
use egret_shared::package::wall::WallDef;
use egret_shared::time::{Span, TimeMs};

/// How many wait at most: at half a minute each, what waits longer than four is no news any more.
const WAITING_MAX: usize = 8;

/// What takes the wall over, what waits for it, and what had it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Takeovers {
    /// The level at which each incident in hand has been noticed; absent before the first look.
    seen: Option<BTreeMap<IncidentId, Level>>,
    /// The next one first.
    waiting: Vec<IncidentId>,
    /// The one that has the wall, and until when.
    shown: Option<(IncidentId, TimeMs)>,
    /// Whether the one that has the wall still needs somebody.
    is_open: bool,
}

/// Whether nobody has taken an incident in hand.
fn needs_somebody(incident: &Incident) -> bool {
    let is_new = matches!(
        incident.state,
        IncidentState::Reported | IncidentState::Filed
    );
    is_new && incident.acknowledged.is_none()
}

impl Takeovers {
    /// Looks at all incidents in hand. What is there at the first look is no news.
    pub(crate) fn notice(&mut self, incidents: &[Arc<Incident>], rules: WallDef) {
        let seen = incidents.iter().map(|one| (one.id.clone(), one.level));
        let Some(known) = self.seen.replace(seen.collect()) else {
            return;
        };
        let Some(least) = rules.takeover.least_level() else {
            return;
        };
        let is_news = |one: &&Arc<Incident>| {
            let before = known.get(&one.id);
            one.level >= least && before.is_none_or(|before| *before < one.level)
        };
        let mut news: Vec<&Arc<Incident>> = incidents
            .iter()
            .filter(is_news)
            .filter(|one| needs_somebody(one))
            .collect();
        news.sort_by_key(|one| std::cmp::Reverse((one.opened_at, one.id.clone())));
        let needs = |id: &IncidentId| {
            let mut all = incidents.iter();
            all.any(|one| one.id == *id && needs_somebody(one))
        };
        let older = std::mem::take(&mut self.waiting).into_iter();
        let older = older.filter(|id| needs(id) && !news.iter().any(|one| one.id == *id));
        self.waiting = news.iter().map(|one| one.id.clone()).chain(older).collect();
        self.waiting.truncate(WAITING_MAX);
        self.is_open = self.shown.as_ref().is_some_and(|(id, _)| needs(id));
    }

    /// The incident that has the wall at `now`, and until when, if each has it for `dwell`.
    pub(crate) fn shown(&mut self, dwell: Span, now: TimeMs) -> Option<(IncidentId, TimeMs)> {
        let is_over = |(_, until): &(IncidentId, TimeMs)| now >= *until || !self.is_open;
        if self.shown.as_ref().is_some_and(is_over) {
            self.shown = None;
        }
        if self.shown.is_none() && !self.waiting.is_empty() {
            self.shown = Some((self.waiting.remove(0), now.plus(dwell)));
            self.is_open = true;
        }
        self.shown.clone()
    }

    /// Somebody has sent away the one that has the wall.
    pub(crate) fn dismiss(&mut self) {
        self.shown = None;
    }
}

#[cfg(test)]
mod tests {
    use egret_shared::incident::{Acknowledged, Person};
    use egret_shared::package::wall::Takeover;
    use egret_shared::text::Text;

    use super::*;

    const DWELL: Span = Span(30);

    fn incident(id: &str, level: Level, opened: i64) -> Incident {
        let title = Text::new(id, id);
        Incident::opened(id.into(), "rule".into(), level, title, TimeMs(opened))
    }

    fn notice(takeovers: &mut Takeovers, incidents: &[Incident]) {
        let incidents: Vec<_> = incidents.iter().cloned().map(Arc::new).collect();
        takeovers.notice(&incidents, WallDef::default());
    }

    fn shown(takeovers: &mut Takeovers, now: i64) -> Option<String> {
        let shown = takeovers.shown(DWELL, TimeMs(now));
        shown.map(|(id, _)| id.to_string())
    }

    fn opened() -> Takeovers {
        let mut takeovers = Takeovers::default();
        notice(&mut takeovers, &[]);
        takeovers
    }

    #[test]
    fn what_is_there_when_the_wall_opens_is_no_news() {
        let mut takeovers = Takeovers::default();
        let old = incident("old", Level::Red, 0);
        notice(&mut takeovers, std::slice::from_ref(&old));
        assert_eq!(shown(&mut takeovers, 0), None);
        notice(&mut takeovers, &[old, incident("new", Level::Red, 5)]);
        assert_eq!(shown(&mut takeovers, 5).as_deref(), Some("new"));
    }

    #[test]
    fn an_incident_takes_over_once_for_each_level_that_is_bad_enough() {
        let mut takeovers = opened();
        let mut one = incident("a", Level::Orange, 0);
        notice(&mut takeovers, std::slice::from_ref(&one));
        assert_eq!(shown(&mut takeovers, 0), None);
        one.level = Level::Red;
        notice(&mut takeovers, std::slice::from_ref(&one));
        assert_eq!(shown(&mut takeovers, 1).as_deref(), Some("a"));
        assert_eq!(shown(&mut takeovers, 30).as_deref(), Some("a"));
        assert_eq!(shown(&mut takeovers, 31), None);
        notice(&mut takeovers, std::slice::from_ref(&one));
        assert_eq!(shown(&mut takeovers, 32), None);
    }

    #[test]
    fn several_wait_for_one_another_the_newest_first() {
        let mut takeovers = opened();
        let (a, b) = (incident("a", Level::Red, 1), incident("b", Level::Red, 2));
        notice(&mut takeovers, &[a.clone(), b.clone()]);
        assert_eq!(shown(&mut takeovers, 2).as_deref(), Some("b"));
        notice(&mut takeovers, &[a, b, incident("c", Level::Red, 3)]);
        assert_eq!(shown(&mut takeovers, 20).as_deref(), Some("b"));
        assert_eq!(shown(&mut takeovers, 32).as_deref(), Some("c"));
        assert_eq!(shown(&mut takeovers, 62).as_deref(), Some("a"));
        assert_eq!(shown(&mut takeovers, 92), None);
    }

    #[test]
    fn whoever_takes_an_incident_in_hand_gives_the_wall_back() {
        let mut takeovers = opened();
        let mut one = incident("a", Level::Red, 1);
        notice(&mut takeovers, std::slice::from_ref(&one));
        assert!(shown(&mut takeovers, 1).is_some());
        one.acknowledged = Some(Acknowledged {
            by: Person {
                id: "1".into(),
                name: "lin".to_owned(),
            },
            at: TimeMs(2),
            until: TimeMs(9),
        });
        notice(&mut takeovers, std::slice::from_ref(&one));
        assert_eq!(shown(&mut takeovers, 2), None);
        let mut other = incident("b", Level::Red, 3);
        notice(&mut takeovers, &[one.clone(), other.clone()]);
        assert!(shown(&mut takeovers, 3).is_some());
        other.state = IncidentState::Dispatched;
        notice(&mut takeovers, &[one, other]);
        assert_eq!(shown(&mut takeovers, 4), None);
    }

    #[test]
    fn one_that_was_sent_away_makes_room_for_the_next() {
        let mut takeovers = opened();
        let (a, b) = (incident("a", Level::Red, 1), incident("b", Level::Red, 2));
        notice(&mut takeovers, &[a, b]);
        assert_eq!(shown(&mut takeovers, 2).as_deref(), Some("b"));
        takeovers.dismiss();
        assert_eq!(shown(&mut takeovers, 3).as_deref(), Some("a"));
    }

    #[test]
    fn a_city_may_let_orange_take_over_or_nothing_at_all() {
        for (takeover, wanted) in [(Takeover::Orange, Some("a")), (Takeover::Never, None)] {
            let mut takeovers = opened();
            let rules = WallDef {
                takeover,
                ..WallDef::default()
            };
            let one = Arc::new(incident("a", Level::Orange, 1));
            takeovers.notice(&[one], rules);
            assert_eq!(shown(&mut takeovers, 1).as_deref(), wanted, "{takeover:?}");
        }
    }

    #[test]
    fn a_flood_of_incidents_leaves_the_newest_few() {
        let mut takeovers = opened();
        let all: Vec<Incident> = (0..100)
            .map(|n| incident(&format!("i-{n:03}"), Level::Red, n))
            .collect();
        notice(&mut takeovers, &all);
        assert_eq!(takeovers.waiting.len(), WAITING_MAX);
        assert_eq!(shown(&mut takeovers, 0).as_deref(), Some("i-099"));
    }
}
