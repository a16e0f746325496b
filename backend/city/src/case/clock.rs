//! Clocks: by when an incident has to be handled, and what the passing of time does to it.

use egret_shared::case::What;
use egret_shared::incident::{Incident, IncidentState};
use egret_shared::time::TimeMs;

use super::file::{File, Waited};
use super::is_taken;
use super::terms::Limit;
use crate::fold::Fold;
use crate::limits::{OVER_KEPT_MS, RESOLVED_KEPT_MS};

/// A limit as it falls due.
struct Due {
    from: TimeMs,
    due_at: TimeMs,
    warn_at: TimeMs,
    in_working_days: bool,
}

/// Whether its time runs.
fn is_running(incident: &Incident) -> bool {
    let clock = &incident.clock;
    !incident.state.is_over()
        && incident.state != IncidentState::Cleared
        && clock.stopped_at.is_none()
        && clock.paused_since.is_none()
}

/// When time does something to `incident` next.
pub(super) fn wake_ms(incident: &Incident) -> Option<i64> {
    let clock = &incident.clock;
    let runs = is_running(incident);
    let after = |at: Option<TimeMs>, span_ms: i64| at.map(|at| at.0.saturating_add(span_ms));
    let wakes = [
        clock
            .warn_at
            .filter(|_| runs && !clock.warned)
            .map(|at| at.0),
        clock
            .due_at
            .filter(|_| runs && !clock.overdue)
            .map(|at| at.0),
        incident.acknowledged.as_ref().map(|by| by.until.0),
        after(incident.cleared_at, RESOLVED_KEPT_MS)
            .filter(|_| incident.state == IncidentState::Cleared),
        after(incident.closed_at, OVER_KEPT_MS).filter(|_| incident.state.is_over()),
    ];
    wakes.into_iter().flatten().min()
}

impl Fold<'_> {
    /// Lets the clock of `next` stand as what was done to `before` asks.
    pub(super) fn run_clock(&mut self, before: &Incident, next: &mut Incident, file: &mut File) {
        let now = TimeMs(self.state.now_ms);
        let calendar = &self.plan.terms.calendar;
        let resumed = before
            .clock
            .paused_since
            .filter(|_| next.clock.paused_since.is_none());
        let returned = before.cleared_at.filter(|_| {
            before.state == IncidentState::Cleared && next.state != IncidentState::Cleared
        });
        if !before.clock.overdue
            && let Some(from) = resumed.or(returned)
        {
            file.wait(calendar, from, now);
        }
        if next.state.is_over() {
            return;
        }
        if is_taken(next) && file.class_from.is_none() {
            file.class_from = Some(now);
        }
        self.set_clock(next, file);
    }

    /// Works out anew by when `incident` is due: the nearer of its level's and its class's limit.
    pub(crate) fn set_clock(&self, incident: &mut Incident, file: &File) {
        let now = TimeMs(self.state.now_ms);
        let terms = &self.plan.terms;
        let by_level = self.plan.incident.limits.get(&incident.level);
        let by_level =
            by_level.map(|span| self.due(Limit::new(*span), file.level_from, file.level_waited));
        let by_class = file.class_from.map(|from| {
            let limit = terms.limit(incident.class, self.state.cases.mode.mode);
            self.due(limit, from, file.class_waited)
        });
        let nearer = by_level
            .into_iter()
            .chain(by_class)
            .min_by_key(|due| due.due_at);
        let clock = &mut incident.clock;
        clock.from = nearer.as_ref().map(|due| due.from);
        clock.due_at = nearer.as_ref().map(|due| due.due_at);
        clock.warn_at = nearer.as_ref().map(|due| due.warn_at);
        clock.in_working_days = nearer.is_some_and(|due| due.in_working_days);
        incident.due_at = clock.due_at;
        // A limit that is further off now has not been missed yet.
        if clock.stopped_at.is_none() {
            clock.warned &= clock.warn_at.is_some_and(|at| at <= now);
            clock.overdue &= clock.due_at.is_some_and(|at| at <= now);
        }
    }

    fn due(&self, limit: Limit, from: TimeMs, waited: Waited) -> Due {
        let calendar = &self.plan.terms.calendar;
        let after = |span_ms: i64| {
            if limit.in_working_days {
                calendar.after(from, span_ms.saturating_add(waited.working_ms))
            } else {
                TimeMs(from.0.saturating_add(span_ms).saturating_add(waited.ms))
            }
        };
        Due {
            from,
            due_at: after(limit.span_ms),
            warn_at: after(limit.warning_ms()),
            in_working_days: limit.in_working_days,
        }
    }

    /// Sets the clock of an incident that the system has changed, other than by an act.
    pub(crate) fn renew_clock(&mut self, before: &Incident, mut next: Incident) {
        let id = next.id.clone();
        let mut file = std::mem::take(self.state.cases.file_mut(&id));
        self.run_clock(before, &mut next, &mut file);
        *self.state.cases.file_mut(&id) = file;
        self.put_incident(next);
    }

    /// Does to incidents what time has made due.
    pub(crate) fn work_cases(&mut self) {
        let now_ms = self.state.now_ms;
        let wakes = self.state.cases.wakes.iter();
        let due = wakes.take_while(|(wake_ms, _)| *wake_ms <= now_ms);
        let due: Vec<_> = due.map(|(_, id)| id.clone()).collect();
        for id in due {
            let Some(incident) = self.state.incidents.get(&id) else {
                continue;
            };
            if is_leaving(incident, now_ms) {
                self.forget_incident(&id);
            } else {
                let incident = incident.clone();
                self.wake(incident);
            }
        }
    }

    fn wake(&mut self, mut incident: Incident) {
        let now = TimeMs(self.state.now_ms);
        let id = incident.id.clone();
        let runs = is_running(&incident);
        let mut happened = Vec::new();
        let acknowledged = incident.acknowledged.as_ref();
        if acknowledged.is_some_and(|by| by.until <= now) {
            incident.acknowledged = None;
            happened.push(What::AcknowledgementLapsed);
        }
        let passed = |at: Option<TimeMs>| runs && at.is_some_and(|at| at <= now);
        if passed(incident.clock.warn_at) && !incident.clock.warned {
            incident.clock.warned = true;
            happened.push(What::Warned);
        }
        let is_over_now = passed(incident.clock.due_at) && !incident.clock.overdue;
        if is_over_now {
            let was_supervised = std::mem::replace(&mut incident.supervised, true);
            incident.clock.overdue = true;
            happened.push(What::Overdue);
            let mut file = std::mem::take(self.state.cases.file_mut(&id));
            self.score_overdue(&incident, &mut file);
            *self.state.cases.file_mut(&id) = file;
            if !was_supervised {
                self.score_supervised(&incident);
            }
        }
        self.put_incident(incident);
        for what in happened {
            self.write_down(&id, what);
        }
        if is_over_now {
            self.tell_overdue(&id);
        }
    }

    /// Works every limit out anew, after the mode of the city has changed.
    pub(super) fn renew_limits(&mut self) {
        let rows = self.state.incidents.iter();
        let open: Vec<Incident> = rows.filter(|row| row.state.is_worked()).cloned().collect();
        for mut incident in open {
            let id = incident.id.clone();
            let before = incident.clock.due_at;
            let file = std::mem::take(self.state.cases.file_mut(&id));
            self.set_clock(&mut incident, &file);
            *self.state.cases.file_mut(&id) = file;
            if incident.clock.due_at != before {
                self.put_incident(incident);
                self.write_down(&id, What::LimitChanged);
            }
        }
    }
}

/// Whether its time on the list is over.
fn is_leaving(incident: &Incident, now_ms: i64) -> bool {
    let since = |at: Option<TimeMs>, kept_ms: i64| at.is_some_and(|at| at.0 + kept_ms <= now_ms);
    match incident.state {
        IncidentState::Cleared => since(incident.cleared_at, RESOLVED_KEPT_MS),
        state => state.is_over() && since(incident.closed_at, OVER_KEPT_MS),
    }
}
