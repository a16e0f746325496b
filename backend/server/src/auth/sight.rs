//! What somebody sees: the predicate, worked out once for every kind of row and every area, so that
//! asking costs a look into a table.
//!
//! Equal grants share one [`Sight`], and with it the channels that are cut to it.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use egret_package::areas::AreaIdx;
use egret_people::rights::{self, Row};
use egret_shared::access::{Grant, Right, Role};
use egret_shared::alert::{Alert, AlertTurn};
use egret_shared::asset::AssetState;
use egret_shared::event::{About, Event, EventKind};
use egret_shared::flags::Flags;
use egret_shared::id::{AreaCode, FeedId, MetricId, RuleId};
use egret_shared::level::Level;
use egret_shared::metric::MetricPoint;

use super::cases::IncidentOf;
use super::labels::{LabelNo, Labels};

/// What somebody sees.
#[derive(Debug)]
pub(crate) struct Sight {
    /// Tells sights apart; equal while the server runs for equal grants.
    id: u64,
    pub(super) labels: Arc<Labels>,
    /// Whether nothing is hidden.
    pub(super) everything: bool,
    /// What lets it see: of [`Role::Officer`] where it also lets work, else of [`Role::Viewer`].
    pub(super) grants: Vec<Grant>,
    /// By label, then by area.
    seen: Vec<Vec<bool>>,
}

/// Every sight in use, by its grants.
#[derive(Debug)]
pub(crate) struct Sights {
    labels: Arc<Labels>,
    known: Mutex<Known>,
}

#[derive(Debug, Default)]
struct Known {
    last_id: u64,
    by_grants: BTreeMap<Vec<Grant>, Weak<Sight>>,
    /// Those made last, the newest at the end: who asks by REST holds none between two requests.
    kept: VecDeque<Arc<Sight>>,
}

/// The role that stands for all who see, and work, as those of `role`.
fn seen_as(role: Role) -> Role {
    if role.rights().contains(&Right::Work) {
        Role::Officer
    } else {
        Role::Viewer
    }
}

/// Sights kept although nobody holds them: a large city's different grants. A table of 60 labels and
/// 600 areas takes 36 kB.
const SIGHTS_KEPT: usize = 256;

impl Sights {
    /// No sight yet, over rows with these labels.
    pub(crate) fn new(labels: Arc<Labels>) -> Self {
        Self {
            labels,
            known: Mutex::default(),
        }
    }

    /// The labels.
    pub(crate) fn labels(&self) -> &Arc<Labels> {
        &self.labels
    }

    /// What `grants` let see.
    pub(crate) fn of(&self, grants: &[Grant]) -> Arc<Sight> {
        let mut seeing: Vec<Grant> = grants
            .iter()
            .filter(|grant| grant.role.rights().contains(&Right::See))
            .map(|grant| Grant {
                role: seen_as(grant.role),
                ..grant.clone()
            })
            .collect();
        if rights::has_whole(&seeing, Right::See) {
            // All who see everything, and work the same of it, share what they follow.
            seeing.retain(|grant| grant.role == Role::Officer);
            if rights::has_whole(&seeing, Right::Work) {
                seeing = vec![Grant::whole(Role::Officer)];
            } else {
                seeing.push(Grant::whole(Role::Viewer));
            }
        }
        seeing.sort();
        seeing.dedup();
        let found = self.lock().by_grants.get(&seeing).and_then(Weak::upgrade);
        if let Some(sight) = found {
            return sight;
        }
        // Takes milliseconds in a large city: nobody waits for it meanwhile.
        let made = Sight::new(&self.labels, seeing.clone());
        let mut known = self.lock();
        if let Some(sight) = known.by_grants.get(&seeing).and_then(Weak::upgrade) {
            return sight;
        }
        known.by_grants.retain(|_, sight| sight.strong_count() > 0);
        known.last_id += 1;
        let sight = Arc::new(Sight {
            id: known.last_id,
            ..made
        });
        known.by_grants.insert(seeing, Arc::downgrade(&sight));
        known.kept.push_back(Arc::clone(&sight));
        if known.kept.len() > SIGHTS_KEPT {
            known.kept.pop_front();
        }
        sight
    }

    fn lock(&self) -> MutexGuard<'_, Known> {
        // Nothing in here can panic half-way.
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Sight {
    fn new(labels: &Arc<Labels>, grants: Vec<Grant>) -> Self {
        let everything = rights::has_whole(&grants, Right::See);
        let sees = |number: usize| {
            let lines = labels.lines().iter();
            let label = labels.all().get(number);
            lines
                .map(|line| {
                    label.is_some_and(|label| {
                        let row = Row {
                            line,
                            owners: &label.owners,
                            given_to: &label.given_to,
                            class: label.class,
                        };
                        rights::may(&grants, Right::See, row)
                    })
                })
                .collect()
        };
        let seen = if everything {
            Vec::new()
        } else {
            (0..labels.all().len()).map(sees).collect()
        };
        Self {
            id: 0,
            labels: Arc::clone(labels),
            everything,
            grants,
            seen,
        }
    }

    /// Tells this sight from others.
    pub(crate) fn id(&self) -> u64 {
        self.id
    }

    /// The server's `generation` as followers of this sight know it: what somebody holds of another
    /// sight is of another generation, so that no delta is put to it.
    pub(crate) fn generation(&self, generation: u64) -> u64 {
        generation.wrapping_add(self.id - 1)
    }

    /// Whether nothing is hidden.
    pub(crate) fn is_everything(&self) -> bool {
        self.everything
    }

    /// Whether anything at all may be seen.
    pub(crate) fn is_nothing(&self) -> bool {
        self.grants.is_empty()
    }

    /// The labels that it is made for.
    pub(crate) fn labels(&self) -> &Arc<Labels> {
        &self.labels
    }

    fn sees(&self, label: LabelNo, area: AreaIdx) -> bool {
        self.everything
            || self
                .seen
                .get(label.index())
                .and_then(|by_area| by_area.get(area.index()))
                .copied()
                .unwrap_or(false)
    }

    fn sees_somewhere(&self, label: LabelNo) -> bool {
        let by_area = self.seen.get(label.index());
        self.everything || by_area.is_some_and(|by_area| by_area.contains(&true))
    }

    pub(super) fn sees_at(&self, label: LabelNo, area: Option<&AreaCode>) -> bool {
        self.everything || self.sees(label, self.labels.area(area))
    }

    /// Whether the definition of a feed may be seen: anything of it, anywhere.
    pub(crate) fn feed_somewhere(&self, feed: &FeedId) -> bool {
        self.sees_somewhere(self.labels.feed(feed))
    }

    /// Whether how a feed does may be seen: it tells of everywhere that its department works.
    pub(crate) fn feed(&self, feed: &FeedId) -> bool {
        self.everything || self.sees(self.labels.feed(feed), self.labels.home(feed))
    }

    /// Whether something of a feed that lies in `area` may be seen.
    pub(crate) fn feed_at(&self, feed: &FeedId, area: Option<&AreaCode>) -> bool {
        self.sees_at(self.labels.feed(feed), area)
    }

    /// Whether an asset may be seen where it is.
    pub(crate) fn asset(&self, asset: &AssetState) -> bool {
        self.feed_at(&asset.feed, asset.areas.last())
    }

    /// Whether the definition of a metric may be seen: its number anywhere.
    pub(crate) fn metric_somewhere(&self, metric: &MetricId) -> bool {
        let label = self.labels.metric(metric);
        self.everything || label.is_some_and(|label| self.sees_somewhere(label.own))
    }

    /// Whether a metric may be seen in `area`.
    pub(crate) fn metric(&self, metric: &MetricId, area: &AreaCode) -> bool {
        let label = self.labels.metric(metric);
        // An area that is none must not pass for the whole city.
        let is_area = self.labels.tree().index_of(area).is_some();
        self.everything
            || (is_area && label.is_some_and(|label| self.sees_at(label.own, Some(area))))
    }

    /// Below which count a metric's numbers are withheld in `area`, infinite if all are; absent if
    /// none are.
    pub(crate) fn withheld_below(&self, metric: &MetricId, area: &AreaCode) -> Option<f64> {
        if self.everything {
            return None;
        }
        let label = self.labels.metric(metric)?;
        let guard = label.guard?;
        let k = self.labels.package().city.classification.k;
        let least = if label.is_count {
            f64::from(k)
        } else {
            f64::INFINITY
        };
        (!self.sees_at(guard, Some(area))).then_some(least)
    }

    /// What may be seen of a metric's point: nothing, the point, or the point without a number
    /// that tells of too few people.
    pub(crate) fn point(&self, point: MetricPoint) -> Option<MetricPoint> {
        if self.everything {
            return Some(point);
        }
        if !self.metric(&point.metric, &point.area) {
            return None;
        }
        let Some(least) = self.withheld_below(&point.metric, &point.area) else {
            return Some(point);
        };
        let typical = point.typical.filter(|typical| typical.v >= least);
        if point.v.is_some_and(|v| is_few(v, least)) {
            return Some(MetricPoint {
                v: None,
                level: Level::Normal,
                typical: None,
                latest_at: None,
                flags: point.flags.without(Flags::ANOMALY).with(Flags::SUPPRESSED),
                ..point
            });
        }
        Some(MetricPoint { typical, ..point })
    }

    /// Whether an alert may be seen.
    pub(crate) fn alert(&self, alert: &Alert) -> bool {
        let label = self.labels.alert(&alert.key);
        self.sees_at(label.own, alert.areas.last())
    }

    /// Whether a turn of an alert may be seen.
    pub(crate) fn turn(&self, turn: &AlertTurn) -> bool {
        let label = self.labels.alert(&turn.key);
        self.sees_at(label.own, turn.areas.last())
    }

    /// What may be seen of an alert: nothing, or the alert, without the name of an incident that may
    /// not be seen. `incident_of` knows the incidents.
    pub(crate) fn seen_alert(&self, alert: Alert, incident_of: IncidentOf<'_>) -> Option<Alert> {
        if self.everything {
            return Some(alert);
        }
        if !self.alert(&alert) {
            return None;
        }
        let incident = alert.incident.filter(|id| {
            let incident = incident_of(id);
            incident.is_some_and(|incident| self.has_incident(&incident))
        });
        Some(Alert { incident, ..alert })
    }

    /// Whether a ticker line may be seen.
    pub(crate) fn event(&self, event: &Event, incident_of: IncidentOf<'_>) -> bool {
        let is_of_incident = matches!(
            event.kind,
            EventKind::IncidentOpened | EventKind::IncidentCleared
        );
        let label = match &event.about {
            About::Feed(feed) => self.labels.feed(feed),
            About::Rule(rule) if is_of_incident => self.labels.rule(rule).given,
            About::Rule(rule) => self.labels.rule(rule).own,
            // A line tells the number in words, which no guard can withhold afterwards.
            About::Metric(metric) => match self.labels.metric(metric) {
                Some(label) => label.guard.unwrap_or(label.own),
                None => return self.everything,
            },
            About::Incident(id) => {
                let incident = incident_of(id);
                return self.everything
                    || incident.is_some_and(|incident| self.has_incident(&incident));
            }
            About::City => return true,
            About::Joined(alerts) => return alerts.iter().all(|alert| self.has_beside(alert)),
        };
        self.sees_at(label, event.area.as_ref())
    }

    /// Whether the definition of a rule may be seen: anything that comes of it, anywhere. Of one about
    /// how every feed delivers, what it tells of any of them.
    pub(crate) fn rule_somewhere(&self, rule: &RuleId) -> bool {
        let mut delivered = self.labels.delivered(rule);
        self.sees_somewhere(self.labels.rule(rule).given)
            || delivered.any(|label| self.sees_somewhere(label.given))
    }

    /// Whether an area lies within any of the grants.
    pub(crate) fn area(&self, area: AreaIdx) -> bool {
        let line = self.labels.line(area);
        self.grants.iter().any(|grant| {
            grant.areas.is_all() || line.iter().any(|code| grant.areas.named().contains(code))
        })
    }

    /// The widest area that may be seen: what a screen shows as the whole. The city, if there is
    /// none.
    pub(crate) fn home(&self) -> AreaIdx {
        let tree = self.labels.tree();
        let seen = tree.iter().filter(|area| self.area(*area));
        seen.min_by_key(|area| (tree.depth(*area), *area))
            .unwrap_or(egret_package::areas::AreaTree::ROOT)
    }
}

/// Whether a number tells of too few people to be told. That nobody is there may be told.
pub(crate) fn is_few(v: f64, least: f64) -> bool {
    least.is_infinite() || (v > 0.0 && v < least)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use egret_city::Lineage;
    use egret_package::{Package, folder};
    use egret_shared::access::Scope;
    use egret_shared::package::city::Classification;

    use super::*;

    #[test]
    fn who_is_told_how_a_feed_delivers_knows_of_the_rule_that_tells_it() {
        let city = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/cities/tiny");
        let package = Package::load(&folder::read(&city).unwrap()).unwrap();
        let package = Arc::new(package);
        let labels = Labels::new(&package, &Lineage::new(&package));
        let sights = Sights::new(Arc::new(labels));
        let knows = |department: &str| {
            let grant = Grant {
                role: Role::Viewer,
                areas: Scope::All,
                departments: Scope::Only(vec![department.into()]),
                up_to: Classification::Public,
            };
            let sight = sights.of(&[grant]);
            sight.rule_somewhere(&"refused-messages".into())
        };
        // One of its feeds is public; the rule is about every feed of the city.
        assert!(knows("water"));
        assert!(!knows("police"), "nothing of theirs is public");
    }
}
