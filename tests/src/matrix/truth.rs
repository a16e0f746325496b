//! What the city has come to, as an admin is told it, and whose each row is by the plain rules.

use std::collections::{BTreeMap, BTreeSet};

use egret_shared::codec::Encoding;
use egret_shared::message::ServerMessage;
use serde_json::Value;

use super::city::{self, Metric, Rule};
use super::label::{Label, Marker, Place, home, markers};
use super::reader::{Grant, Reader, Right};
use super::stage::Stage;
use crate::socket::Socket;
use crate::wait;

/// Everything there is.
#[derive(Debug)]
pub struct Truth {
    /// Every metric.
    pub metrics: Vec<Metric>,
    /// Every rule.
    pub rules: Vec<Rule>,
    /// Alerts as they are told, and whose each is.
    pub alerts: Vec<(Value, Label)>,
    /// Turns of alerts by number, and whose each is.
    pub turns: BTreeMap<u64, (Value, Label)>,
    /// Incidents.
    pub incidents: Vec<Case>,
    /// Lines of the ticker, and whose all is that each tells of; of an incident's life, nobody's.
    pub events: Vec<(Value, Vec<Label>)>,
    /// Numbers in areas.
    pub points: Vec<(String, Place)>,
    /// Whose a message of a journal entry is.
    pub raw: BTreeMap<u64, Label>,
    /// Refused messages, and whose each is; of no feed, nobody's.
    pub refused: Vec<(Value, Option<Label>)>,
}

/// An incident.
#[derive(Debug)]
pub struct Case {
    /// As it is told.
    pub row: Value,
    /// Its id.
    pub id: String,
    /// Whose the alert is that speaks for it.
    pub speaker: Label,
    /// Who leads and supports it by the rule that speaks for it.
    pub assigned: Vec<String>,
    /// Whom it was given to by hand: those that have a task.
    pub given: Vec<String>,
    /// Its evidence by key, and whose each is.
    pub evidence: Vec<(Value, Label)>,
}

impl Truth {
    /// What `stage` has come to.
    #[track_caller]
    pub fn of(stage: &Stage) -> Self {
        let mut truth = Self {
            metrics: city::metrics(),
            rules: city::rules(),
            alerts: Vec::new(),
            turns: BTreeMap::new(),
            incidents: Vec::new(),
            events: Vec::new(),
            points: Vec::new(),
            raw: stage.sent.clone(),
            refused: Vec::new(),
        };
        truth.look(stage);
        truth
    }

    fn look(&mut self, stage: &Stage) {
        let city = city_of(stage);
        for row in stage.admin.list("/api/v1/alerts") {
            let label = self.of_alert(&row["key"]);
            self.alerts.push((row, label));
        }
        for row in stage.admin.list("/api/v1/alerts/log") {
            let n = row["n"].as_u64().unwrap_or_default();
            let label = self.of_alert(&row["key"]);
            self.turns.insert(n, (row, label));
        }
        for row in stage.admin.list("/api/v1/incidents") {
            let case = self.case(row);
            self.incidents.push(case);
        }
        for row in rows(&city["events"]) {
            let labels = self.of_event(&row);
            self.events.push((row, labels));
        }
        for row in rows(&city["metrics"]) {
            let area = place(&row["area"]);
            self.points.push((text(&row["metric"]), area));
        }
        for row in stage.admin.list("/api/v1/quarantine") {
            let feed = row["feed"].as_str().map(label_in);
            let label = feed.map(|label| label.at(home(label.departments[0])));
            self.refused.push((row, label));
        }
        let n = stage.admin.get("/api/v1/state").json()["seq"].as_u64();
        let unknown = (1..=n.unwrap_or(0)).filter(|seq| !stage.sent.contains_key(seq));
        for seq in unknown {
            let answer = stage.admin.get(&format!("/api/v1/raw/{seq}"));
            if answer.status == 200 {
                self.raw.insert(seq, label_in(&answer.body));
            }
        }
        assert!(
            self.raw.len() > stage.sent.len(),
            "no message by MQTT is kept"
        );
    }

    /// Whose an alert with this key is: its subject's, or that of the people behind the number.
    pub fn of_alert(&self, key: &Value) -> Label {
        let rule = key["rule"].as_str().unwrap_or_default();
        let rule = self.rules.iter().find(|known| known.id == rule);
        let rule = rule.unwrap_or_else(|| panic!("no rule of ours: {key}"));
        let subject = &key["subject"];
        let place = match (&subject["metric"]["area"], &subject["asset"]["asset"]) {
            (Value::String(area), _) => place(&Value::String(area.clone())),
            (_, Value::String(asset)) => label_in(asset).place.unwrap_or(Place::C),
            _ => label_in(&text(&subject["reports"]["first"]))
                .place
                .unwrap_or(Place::C),
        };
        rule.label.at(place)
    }

    fn case(&self, row: Value) -> Case {
        let evidence: Vec<_> = rows(&row["evidence"])
            .map(|one| (one["alert"].clone(), self.of_alert(&one["alert"])))
            .collect();
        let speaks = |(key, _): &&(Value, Label)| key["rule"] == row["rule"];
        let speaker = evidence.iter().find(speaks);
        let speaker = speaker.unwrap_or_else(|| panic!("nothing speaks for {row}"));
        let rule = self.rules.iter().find(|rule| row["rule"] == *rule.id);
        let assigned = rule.map_or(&[][..], |rule| rule.assigned);
        let given = rows(&row["tasks"]).map(|task| text(&task["department"]));
        Case {
            id: text(&row["id"]),
            speaker: speaker.1.clone(),
            assigned: assigned.iter().map(|&one| one.to_owned()).collect(),
            given: given.collect(),
            evidence: evidence.clone(),
            row,
        }
    }

    fn of_event(&self, row: &Value) -> Vec<Label> {
        let here = |row: &Value| {
            let area = &row["area"];
            if area.is_null() {
                Place::N
            } else {
                place(area)
            }
        };
        let of_rule = |id: &str, at: Place| {
            let rule = self.rules.iter().find(|known| known.id == id);
            let rule = rule.unwrap_or_else(|| panic!("no rule of ours: {id}"));
            rule.label.at(at)
        };
        let about = &row["about"];
        if let Value::String(rule) = &about["rule"] {
            return vec![of_rule(rule, here(row))];
        }
        if let Value::String(feed) = &about["feed"] {
            return vec![label_in(feed).at(here(row))];
        }
        if let Value::String(metric) = &about["metric"] {
            let metric = self.metric(metric);
            let label = metric.people.as_ref().unwrap_or(&metric.label);
            return vec![label.at(here(row))];
        }
        if about["incident"].is_string() || about == "city" {
            // Whoever may see the incident, and everybody.
            return Vec::new();
        }
        let joined = rows(&about["joined"]);
        let joined: Vec<_> = joined
            .map(|one| of_rule(&text(&one["rule"]), here(&one)))
            .collect();
        assert!(!joined.is_empty(), "nothing known stands behind {row}");
        joined
    }

    /// The metric with this id.
    #[track_caller]
    pub fn metric(&self, id: &str) -> &Metric {
        let metric = self.metrics.iter().find(|known| known.id == id);
        metric.unwrap_or_else(|| panic!("no metric of ours: {id}"))
    }
}

impl Rule {
    /// Whether somebody may know of the rule: its alerts could be theirs, or incidents that it
    /// speaks for be given to them.
    pub fn is_for(&self, reader: &Reader) -> bool {
        let given = |grant: &Grant| {
            let mut assigned = self.assigned.iter();
            assigned.any(|one| grant.covers_departments(&[one]))
                && covers_but_departments(grant, &self.label)
        };
        let grants = reader.grants.iter();
        let mut seeing = grants.filter(|grant| grant.gives(Right::See));
        reader.sees(&self.label) || seeing.any(given)
    }
}

impl Case {
    /// Whether they see all of its evidence as their own: what is told to many at once is told to
    /// those who see all of it.
    pub fn is_wholly_of(&self, reader: &Reader) -> bool {
        self.evidence.iter().all(|(_, label)| reader.sees(label))
    }

    /// Whether somebody must be shown it: its speaker is theirs, or they lead or support it, or have
    /// a task of it, where it is and as strictly as it is classified.
    pub fn is_for(&self, reader: &Reader) -> bool {
        self.may(reader, Right::See)
    }

    /// Whether somebody may work it, and so be told what people wrote to it.
    pub fn is_worked_by(&self, reader: &Reader) -> bool {
        self.may(reader, Right::Work)
    }

    fn may(&self, reader: &Reader, right: Right) -> bool {
        let mut grants = reader.with(right);
        grants.any(|grant| self.is_within(grant))
    }

    /// Whether one grant reaches it: as its owner's, or as one of those who have to act.
    pub fn is_within(&self, grant: &Grant) -> bool {
        let mut acting = self.assigned.iter().chain(&self.given);
        let acts = acting.any(|one| grant.covers_departments(&[one.as_str()]));
        grant.covers(&self.speaker) || (acts && covers_but_departments(grant, &self.speaker))
    }

    /// Whether a department of theirs leads or supports it, and would see what has this label if it
    /// were its own.
    pub fn is_assigned_to(&self, reader: &Reader, label: &Label) -> bool {
        let theirs = |grant: &Grant| {
            let ours = |department: &String| grant.covers_departments(&[department.as_str()]);
            self.assigned.iter().any(ours) && covers_but_departments(grant, label)
        };
        let grants = reader.grants.iter();
        grants.filter(|grant| grant.gives(Right::See)).any(theirs)
    }
}

/// Whether a grant covers the label, whosever it is.
pub fn covers_but_departments(grant: &Grant, label: &Label) -> bool {
    let anybody = Label {
        departments: Vec::new(),
        class: label.class,
        place: label.counts_for(),
    };
    grant.covers(&anybody)
}

/// The label of a marker in `text`, rather of a row than of a definition.
#[track_caller]
pub fn label_in(text: &str) -> Label {
    let rows = markers(text).into_iter().filter_map(|marker| match marker {
        Marker::Row(_, label) => Some(label),
        _ => None,
    });
    // What has a place says more than the feed that it is of.
    let row = rows.max_by_key(|label| label.place.is_some());
    row.unwrap_or_else(|| panic!("nobody's name is on {text:?}"))
}

/// The rows of a list in JSON; none of what is no list.
pub fn rows(list: &Value) -> impl Iterator<Item = Value> + use<> {
    list.as_array().cloned().unwrap_or_default().into_iter()
}

/// A text in JSON.
pub fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// The area with this code.
#[track_caller]
pub fn place(code: &Value) -> Place {
    let known = Place::AREAS
        .into_iter()
        .find(|place| *code == *place.code());
    known.unwrap_or_else(|| panic!("no area of ours: {code}"))
}

/// Keys of rows, to be compared.
pub fn keys(rows: impl IntoIterator<Item = Value>) -> BTreeSet<String> {
    rows.into_iter().map(|key| key.to_string()).collect()
}

#[track_caller]
fn city_of(stage: &Stage) -> Value {
    let mut socket = Socket::connect_as(stage.server.http, Encoding::Json, &stage.secret);
    socket.subscribe(&["city"]);
    let frame = wait::until("a snapshot of the city", || {
        let heard = socket.hear(wait::PATIENCE);
        match heard {
            Some(ServerMessage::Snapshot(frame)) => Ok(frame),
            other => Err(format!("{other:?}")),
        }
    });
    let state = serde_json::to_value(frame.state).expect("a snapshot is JSON");
    state["city"].clone()
}
