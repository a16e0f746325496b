//! From a snapshot to what a panel says. Pure, so that every rule of the picture has a test.

pub(crate) mod histogram;
pub(crate) mod layout;
pub(crate) mod queue;
pub(crate) mod score;
pub(crate) mod standing;
mod truth;
pub(crate) mod window;

use std::collections::BTreeSet;
use std::sync::Arc;

use egret_shared::alert::{Alert, AlertKey, AlertState, Subject};
use egret_shared::catalog::Catalog;
use egret_shared::feed::{FeedHealth, FeedStatus};
use egret_shared::id::{DepartmentId, FeedId, MetricId};
use egret_shared::incident::{Incident, IncidentState};
use egret_shared::level::Level;
use egret_shared::metric::MetricKey;
use egret_shared::package::metric::MetricDef;
use egret_shared::position::Position;
use egret_shared::text::Text;
use egret_shared::time::TimeMs;

use standing::{Standing, standing};
pub(crate) use truth::{Mark, Truth, Window, truth};

/// The definition of a metric.
pub(crate) fn metric_def<'a>(catalog: &'a Catalog, id: &MetricId) -> Option<&'a MetricDef> {
    catalog.metrics.iter().find(|def| def.id == *id)
}

/// A metric of the whole city.
pub(crate) fn city_key(catalog: &Catalog, metric: &MetricId) -> MetricKey {
    MetricKey {
        metric: metric.clone(),
        area: catalog.city.root.clone(),
    }
}

/// The name of a department.
pub(crate) fn department<'a>(catalog: &'a Catalog, id: &DepartmentId) -> Option<&'a Text> {
    let mut departments = catalog.departments.iter();
    departments.find(|def| def.id == *id).map(|def| &def.name)
}

/// A line of the list of what is being worked.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Case {
    /// What tells it apart.
    pub(crate) id: String,
    /// How bad.
    pub(crate) level: Level,
    /// What it is called.
    pub(crate) title: Text,
    /// How many signals it rests on.
    pub(crate) signals: usize,
    /// How many of them are still in force.
    pub(crate) in_force: usize,
    /// When the newest of them came.
    pub(crate) newest_at: TimeMs,
    /// Who leads.
    pub(crate) lead: Option<DepartmentId>,
    /// When it began.
    pub(crate) since: TimeMs,
    /// By when it must be answered.
    pub(crate) due_at: Option<TimeMs>,
    /// Where on the map.
    pub(crate) position: Option<Position>,
    /// Whether it is over.
    pub(crate) cleared: bool,
    /// The incident; of an alert that no incident has taken up, none.
    pub(crate) incident: Option<Arc<Incident>>,
}

impl Case {
    /// Whether it is an alert that no incident has taken up.
    pub(crate) fn is_alert(&self) -> bool {
        self.incident.is_none()
    }

    /// How it stands to its time limit.
    pub(crate) fn standing(&self, now: TimeMs) -> Standing {
        let incident = self.incident.as_ref();
        incident.map_or(Standing::NoLimit, |incident| standing(incident, now))
    }
}

/// Incidents, and the alerts in force that none of the open ones rests on, worst and longest-waiting
/// first; beside open incidents orange and red alerts alone. Alerts come in the order of their keys.
pub(crate) fn cases(incidents: &[Arc<Incident>], alerts: &[Arc<Alert>]) -> Vec<Case> {
    // What is over takes care of nothing: its alerts speak for themselves again.
    let open = || incidents.iter().filter(|incident| !is_cleared(incident));
    let ids: BTreeSet<_> = open().map(|incident| &incident.id).collect();
    let evidence = open().flat_map(|incident| &incident.evidence);
    let keys: BTreeSet<_> = evidence.map(|evidence| &evidence.alert).collect();
    // An incident whose list of evidence is full holds its alerts only by name.
    let is_taken_up = |alert: &Alert| {
        let named = alert.incident.as_ref();
        named.is_some_and(|id| ids.contains(id)) || keys.contains(&alert.key)
    };
    // Beside incidents that are worked, only what is urgent; or that would drown in all the rest.
    let is_quiet = open().next().is_none();
    let is_told = |alert: &Alert| speaks(alert) && (is_quiet || alert.level >= Level::Orange);
    let left = alerts
        .iter()
        .filter(|alert| is_told(alert) && !is_taken_up(alert));
    let of_incident = |incident| case_of_incident(incident, alerts);
    let mut cases: Vec<Case> = incidents.iter().map(of_incident).collect();
    cases.extend(left.map(|alert| case_of_alert(alert)));
    cases.sort_by(|a, b| {
        let order = |case: &Case| (case.cleared, std::cmp::Reverse(case.level), case.since);
        order(a).cmp(&order(b)).then_with(|| a.id.cmp(&b.id))
    });
    cases
}

/// Whether an alert is in force.
fn is_firing(alert: &Alert) -> bool {
    alert.state == AlertState::Firing
}

/// Whether an alert is in force and told to people.
fn speaks(alert: &Alert) -> bool {
    is_firing(alert) && alert.hushed.is_none()
}

/// The alert with `key`, of alerts in the order of their keys.
pub(crate) fn alert<'a>(alerts: &'a [Arc<Alert>], key: &AlertKey) -> Option<&'a Arc<Alert>> {
    let place = alerts.binary_search_by(|alert| alert.key.cmp(key)).ok()?;
    alerts.get(place)
}

/// Whether the alert with `key` is in force.
pub(crate) fn is_in_force(alerts: &[Arc<Alert>], key: &AlertKey) -> bool {
    alert(alerts, key).is_some_and(|alert| is_firing(alert))
}

/// Whether the assets of a feed can be told anything.
pub(crate) fn takes_orders(catalog: &Catalog, feed: &FeedId) -> bool {
    let def = catalog.feeds.iter().find(|def| def.id == *feed);
    def.is_some_and(|def| !def.commands.is_empty())
}

/// What the rule with this id is called, if there is one.
pub(crate) fn rule_name(catalog: &Catalog, rule: &str) -> Option<Text> {
    let mut rules = catalog.rules.rules.iter();
    let rule = rules.find(|def| def.id.as_str() == rule)?;
    Some(rule.name.clone())
}

/// What an alert is about, in the machine's words.
pub(crate) fn subject(key: &AlertKey) -> String {
    match &key.subject {
        Subject::Asset { asset, .. } => asset.to_string(),
        Subject::Metric { metric, area } => format!("{metric} · {area}"),
        Subject::Reports { feed, first } => format!("{feed} · {first}"),
        Subject::Area { area } => area.to_string(),
        Subject::Gateway { gateway, .. } => gateway.to_string(),
        Subject::Feed { feed } => feed.to_string(),
    }
}

/// Whether nothing of an incident is in force any more, or it is over.
fn is_cleared(incident: &Incident) -> bool {
    incident.state == IncidentState::Cleared || incident.state.is_over()
}

/// An incident as a line. Alerts come in the order of their keys.
pub(crate) fn case_of_incident(incident: &Arc<Incident>, alerts: &[Arc<Alert>]) -> Case {
    let evidence = incident.evidence.iter();
    let keys = evidence.clone().map(|evidence| &evidence.alert);
    Case {
        id: incident.id.to_string(),
        level: incident.level,
        title: incident.title.clone(),
        signals: incident.evidence.len(),
        in_force: keys.filter(|key| is_in_force(alerts, key)).count(),
        newest_at: evidence
            .map(|evidence| evidence.joined_at)
            .max()
            .unwrap_or(incident.opened_at),
        lead: incident.lead.clone(),
        since: incident.opened_at,
        due_at: incident.due_at,
        position: incident.position,
        cleared: is_cleared(incident),
        incident: Some(Arc::clone(incident)),
    }
}

/// An alert as a line of its own.
pub(crate) fn case_of_alert(alert: &Alert) -> Case {
    Case {
        id: format!("{:?}", alert.key),
        level: alert.level,
        title: alert.message.clone(),
        signals: 1,
        in_force: 1,
        newest_at: alert.since,
        lead: None,
        since: alert.since,
        due_at: None,
        position: alert.position,
        cleared: false,
        incident: None,
    }
}

/// How many there are of what is open.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct CaseCounts {
    /// Incidents.
    pub(crate) incidents: usize,
    /// Those of them that should have been answered by now.
    pub(crate) overdue: usize,
    /// Alerts that no incident has taken up.
    pub(crate) alerts: usize,
}

/// How many open incidents and alerts there are at `now`.
pub(crate) fn case_counts(cases: &[Case], now: TimeMs) -> CaseCounts {
    let mut counts = CaseCounts::default();
    for case in cases.iter().filter(|case| !case.cleared) {
        if case.is_alert() {
            counts.alerts += 1;
        } else {
            counts.incidents += 1;
            counts.overdue += usize::from(case.standing(now).is_overdue());
        }
    }
    counts
}

/// The worst level in force, and how many open incidents and how many alerts have it.
pub(crate) fn worst(cases: &[Case]) -> (Level, usize, usize) {
    let open = || cases.iter().filter(|case| !case.cleared);
    let level = open().map(|case| case.level).max().unwrap_or_default();
    let (alerts, incidents): (Vec<_>, Vec<_>) = open()
        .filter(|case| case.level == level)
        .partition(|case| case.is_alert());
    (level, incidents.len(), alerts.len())
}

/// How far a value is on its way to the worst, 0 to 1: red where there is a limit, else 100.
pub(crate) fn badness(def: &MetricDef, v: f64) -> f64 {
    let levels = def.levels.unwrap_or_default();
    let worst = levels.limits().last().map_or(100.0, |(_, limit)| limit);
    let share = if levels.below {
        let best = def.target.unwrap_or(worst * 2.0 + 1.0).max(worst + 1e-9);
        (best - v) / (best - worst)
    } else {
        v / worst.max(1e-9)
    };
    share.clamp(0.0, 1.0)
}

/// Feeds by how they do: live, degraded, silent, waiting.
pub(crate) fn feed_counts(feeds: &[FeedHealth]) -> [(FeedStatus, usize); 4] {
    [
        FeedStatus::Live,
        FeedStatus::Degraded,
        FeedStatus::Silent,
        FeedStatus::Waiting,
    ]
    .map(|status| {
        let with = |feed: &&FeedHealth| feed.status == status;
        (status, feeds.iter().filter(with).count())
    })
}

/// How many feeds deliver at all, and how many there are: what a count of everything that came in
/// rests on.
pub(crate) fn delivering(feeds: &[FeedHealth]) -> (usize, usize) {
    // A feed of whose known assets none has spoken yet can be judged already, and delivers nothing.
    let delivers = |feed: &&FeedHealth| {
        matches!(feed.status, FeedStatus::Live | FeedStatus::Degraded) && feed.received_at.is_some()
    };
    (feeds.iter().filter(delivers).count(), feeds.len())
}

/// When the newest message of any feed arrived.
pub(crate) fn newest_message(feeds: &[FeedHealth]) -> Option<TimeMs> {
    feeds.iter().filter_map(|feed| feed.received_at).max()
}

/// How far down a list a feed belongs: the worst first.
pub(crate) fn feed_weight(feed: &FeedHealth) -> u8 {
    match feed.status {
        FeedStatus::Silent => 0,
        FeedStatus::Degraded => 1,
        FeedStatus::Waiting => 2,
        FeedStatus::Live => 3,
    }
}

/// The feeds that need a look, worst and longest silent first.
pub(crate) fn worst_feeds(feeds: &[FeedHealth]) -> Vec<FeedHealth> {
    let needs_a_look = |feed: &&FeedHealth| feed.status != FeedStatus::Live;
    let mut worst: Vec<FeedHealth> = feeds.iter().filter(needs_a_look).cloned().collect();
    worst.sort_by_key(|feed| (feed_weight(feed), feed.received_at));
    worst
}

/// How many of a feed's messages were refused.
pub(crate) fn refused(feed: &FeedHealth) -> u64 {
    feed.rejected.values().sum()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use egret_shared::incident::Evidence;
    use egret_shared::package::metric::LevelsDef;

    use super::*;
    use crate::fixture;

    fn incident(id: &str, level: Level, opened: i64, due: i64) -> Incident {
        let (title, at) = (Text::new(id, id), TimeMs(opened));
        Incident {
            due_at: Some(TimeMs(due)),
            ..Incident::opened(id.into(), "rule".into(), level, title, at)
        }
    }

    fn def(levels: LevelsDef, target: Option<f64>) -> MetricDef {
        let json = serde_json::json!({
            "id": "m", "name": {"zh": "量", "en": "m"}, "domain": "d", "unit": "1",
            "target": target,
        });
        let mut def: MetricDef = serde_json::from_value(json).unwrap();
        def.levels = Some(levels);
        def
    }

    #[test]
    fn the_worst_case_stands_first_and_cleared_ones_last() {
        let mut cleared = incident("c", Level::Red, 0, 0);
        cleared.state = IncidentState::Cleared;
        let incidents = [
            incident("a", Level::Yellow, 1, 9),
            cleared,
            incident("b", Level::Red, 5, 9),
            incident("d", Level::Red, 3, 4),
        ]
        .map(Arc::new);
        let cases = cases(&incidents, &[]);
        let order: Vec<&str> = cases.iter().map(|case| case.id.as_str()).collect();
        assert_eq!(order, ["d", "b", "a", "c"]);
        let counts = CaseCounts {
            incidents: 3,
            overdue: 1,
            alerts: 0,
        };
        assert_eq!(case_counts(&cases, TimeMs(6)), counts);
        assert_eq!(worst(&cases), (Level::Red, 2, 0));
    }

    fn alert(asset: &str, state: AlertState) -> Alert {
        let (feed, asset) = ("road".into(), asset.into());
        let subject = Subject::Asset { feed, asset };
        fixture::alert("ponding", subject, state, Level::Red)
    }

    fn resting_on(mut incident: Incident, alerts: &[Arc<Alert>]) -> Arc<Incident> {
        let evidence = alerts.iter().map(|alert| Evidence {
            alert: alert.key.clone(),
            area: None,
            beside: None,
            joined_at: TimeMs(4),
            because: Text::default(),
        });
        incident.evidence = evidence.collect();
        Arc::new(incident)
    }

    #[test]
    fn evidence_counts_as_in_force_while_its_alert_fires() {
        let alerts = [
            alert("A", AlertState::Firing),
            alert("B", AlertState::Resolved),
        ]
        .map(Arc::new);
        let worked = resting_on(incident("1", Level::Red, 0, 9), &alerts);
        let cases = cases(&[worked], &alerts);
        assert_eq!(cases.len(), 1);
        let case = &cases[0];
        assert_eq!((case.in_force, case.signals), (1, 2));
        assert_eq!(case.newest_at, TimeMs(4));
    }

    #[test]
    fn an_alert_that_no_open_incident_rests_on_stands_for_itself() {
        let alerts = ["A", "B"].map(|asset| Arc::new(alert(asset, AlertState::Firing)));
        let of_alerts = |incidents: &[Arc<Incident>]| {
            let cases = cases(incidents, &alerts);
            cases.iter().filter(|case| case.is_alert()).count()
        };
        assert_eq!(of_alerts(&[]), 2);
        let unrelated = Arc::new(incident("1", Level::Yellow, 0, 9));
        assert_eq!(of_alerts(std::slice::from_ref(&unrelated)), 2);
        let open = resting_on(incident("2", Level::Red, 0, 9), &alerts[..1]);
        assert_eq!(of_alerts(std::slice::from_ref(&open)), 1);
        for state in [IncidentState::Cleared, IncidentState::Closed] {
            let mut over = (*open).clone();
            over.state = state;
            assert_eq!(of_alerts(&[Arc::new(over)]), 2);
        }
        let all = cases(&[unrelated, open], &alerts);
        assert_eq!(worst(&all), (Level::Red, 1, 1));
        let counts = case_counts(&all, TimeMs(0));
        assert_eq!((counts.incidents, counts.alerts), (2, 1));
    }

    #[test]
    fn beside_an_open_incident_only_urgent_alerts_stand_for_themselves() {
        let levels = [Level::Blue, Level::Yellow, Level::Orange, Level::Red];
        let alerts = levels.map(|level| {
            let subject = Subject::Feed {
                feed: "road".into(),
            };
            let rule = format!("{level:?}");
            Arc::new(fixture::alert(&rule, subject, AlertState::Firing, level))
        });
        let told = |incidents: &[Arc<Incident>]| -> Vec<Level> {
            let cases = cases(incidents, &alerts);
            let alerts = cases.iter().filter(|case| case.is_alert());
            alerts.map(|case| case.level).collect()
        };
        assert_eq!(told(&[]).len(), levels.len());
        let open = Arc::new(incident("1", Level::Yellow, 0, 9));
        assert_eq!(told(&[open]), [Level::Red, Level::Orange]);
    }

    #[test]
    fn a_feed_that_has_never_been_heard_delivers_nothing() {
        let feed = |status, received_at| FeedHealth {
            feed: "road".into(),
            status,
            accepted: 0,
            duplicate: 0,
            late: 0,
            rejected: BTreeMap::new(),
            per_minute: 0,
            assets: 8,
            silent: 8,
            observed_at: None,
            received_at,
            suspect: 0,
            interval: None,
            watermark: None,
            quality: None,
            clock: None,
        };
        let heard = Some(TimeMs(1));
        let feeds = [
            feed(FeedStatus::Live, heard),
            feed(FeedStatus::Degraded, heard),
            feed(FeedStatus::Degraded, None),
            feed(FeedStatus::Silent, heard),
        ];
        assert_eq!(delivering(&feeds), (2, 4));
    }

    #[test]
    fn badness_runs_from_nothing_to_the_red_limit_whichever_way_is_bad() {
        let rising = def(
            LevelsDef {
                blue: Some(20.0),
                red: Some(80.0),
                ..LevelsDef::default()
            },
            None,
        );
        assert!((badness(&rising, 40.0) - 0.5).abs() < 1e-9);
        assert!((badness(&rising, 200.0) - 1.0).abs() < 1e-9);
        let falling = def(
            LevelsDef {
                below: true,
                red: Some(20.0),
                ..LevelsDef::default()
            },
            Some(60.0),
        );
        assert!((badness(&falling, 60.0)).abs() < 1e-9);
        assert!((badness(&falling, 20.0) - 1.0).abs() < 1e-9);
    }
}
