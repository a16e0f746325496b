//! A duty desk: a story whose entries are kept, and people who order things in it.

use std::sync::Arc;

use egret_city::{City, Entry};
use egret_package::Package;
use egret_shared::access::Scope;
use egret_shared::case::{Act, Deed, Doer, Dossier, Power, What};
use egret_shared::command::{CaseOrder, Command, ModeOrder, OpenOrder, Order, Outcome};
use egret_shared::event::EventKind;
use egret_shared::id::{DepartmentId, IncidentId};
use egret_shared::incident::{CaseClass, Incident, Person};
use egret_shared::level::Level;
use egret_shared::mode::Mode;
use egret_shared::position::Position;
use egret_shared::scorecard::Tally;
use egret_shared::time::{Span, TimeMs};

use crate::story::{Story, at_place, reading, tiny};

/// Somebody with `powers` who handles for `departments`.
pub(crate) fn somebody(id: &str, powers: &[Power], departments: &[&str]) -> Doer {
    Doer {
        person: Person {
            id: id.into(),
            name: format!("name of {id}"),
        },
        is_person: true,
        powers: powers.iter().copied().collect(),
        handles: Scope::Only(
            departments
                .iter()
                .map(|id| DepartmentId::new(*id))
                .collect(),
        ),
    }
}

/// May do all that needs no department.
pub(crate) fn chief() -> Doer {
    let all = [Power::Supervise, Power::Dispatch, Power::Decide];
    somebody("chief", &all, &[])
}

/// Supervises and dispatches, and handles for the water department too.
pub(crate) fn wang() -> Doer {
    somebody("wang", &[Power::Supervise, Power::Dispatch], &["water"])
}

/// Handles for the police.
pub(crate) fn li() -> Doer {
    somebody("li", &[], &["police"])
}

pub(crate) fn why() -> String {
    "because".to_owned()
}

pub(crate) fn file(class: CaseClass) -> Act {
    Act::File {
        class,
        level: None,
        note: String::new(),
    }
}

pub(crate) fn dispatch(lead: &str, support: &[&str]) -> Act {
    Act::Dispatch {
        lead: lead.into(),
        support: support.iter().map(|id| DepartmentId::new(*id)).collect(),
        note: String::new(),
    }
}

pub(crate) fn accept(department: &str) -> Act {
    Act::Accept {
        department: department.into(),
    }
}

pub(crate) fn feedback(department: &str) -> Act {
    Act::Feedback {
        department: department.into(),
        text: why(),
    }
}

pub(crate) fn verify(passed: bool) -> Act {
    Act::Verify {
        passed,
        note: why(),
    }
}

pub(crate) fn close() -> Act {
    Act::Close {
        note: String::new(),
    }
}

/// The desk.
pub(crate) struct Desk {
    pub(crate) story: Story,
    pub(crate) entries: Vec<Entry>,
    package: Arc<Package>,
    n_commands: u32,
}

impl Desk {
    pub(crate) fn new() -> Self {
        Self::of(tiny())
    }

    pub(crate) fn of(package: Arc<Package>) -> Self {
        let story = Story::of(Arc::clone(&package));
        Self {
            entries: vec![Entry::Tick(story.now)],
            story,
            package,
            n_commands: 0,
        }
    }

    pub(crate) fn now(&self) -> TimeMs {
        self.story.now
    }

    pub(crate) fn tell(&mut self, entry: Entry) {
        self.story.tell(&entry);
        self.entries.push(entry);
    }

    /// One tick, `span` later.
    pub(crate) fn jump(&mut self, span: &str) {
        self.story.now = self.story.now.plus(Span::parse(span).unwrap());
        self.tell(Entry::Tick(self.story.now));
    }

    /// One tick at a time of the city.
    pub(crate) fn jump_to(&mut self, local: &str) {
        self.story.now = local_time(local);
        self.tell(Entry::Tick(self.story.now));
    }

    pub(crate) fn read(&mut self, place: Position, asset: &str, ponding: f64) {
        let one = reading("road", asset, "ponding_depth", ponding, self.story.now);
        self.tell(Entry::Observation(at_place(one, place)));
    }

    /// A gauge ponds for long enough to fire.
    pub(crate) fn pond(&mut self, place: Position, asset: &str, ponding: f64) {
        self.read(place, asset, ponding);
        self.jump("1m");
    }

    /// A gauge falls dry for long enough to resolve.
    pub(crate) fn dry(&mut self, place: Position, asset: &str) {
        self.read(place, asset, 0.0);
        self.jump("6m");
    }

    fn command(&mut self, by: &Doer, order: Order) -> Outcome {
        self.n_commands += 1;
        let id = format!("c-{}", self.n_commands);
        self.tell(Entry::Command(Box::new(Command {
            id: id.as_str().into(),
            at: self.story.now,
            by: by.clone(),
            order,
        })));
        self.story.city.outcome(&id).unwrap().clone()
    }

    /// Orders `act` of the incident as it stands.
    pub(crate) fn order(&mut self, by: &Doer, incident: &IncidentId, act: Act) -> Outcome {
        let version = self
            .story
            .city
            .incident(incident)
            .map_or(0, |row| row.version);
        self.command(
            by,
            Order::Case(CaseOrder {
                incident: incident.clone(),
                version,
                act,
            }),
        )
    }

    /// Orders `act`, which has to be done.
    pub(crate) fn act(&mut self, by: &Doer, incident: &IncidentId, act: Act) {
        let said = format!("{act:?}");
        let outcome = self.order(by, incident, act);
        assert!(matches!(outcome, Outcome::Done(_)), "{said}: {outcome:?}");
    }

    /// Orders `act`, which has to be refused; the refusal's code.
    pub(crate) fn refused(&mut self, by: &Doer, incident: &IncidentId, act: Act) -> &'static str {
        match self.order(by, incident, act) {
            Outcome::Refused(refusal) => refusal.code(),
            other => panic!("{other:?}"),
        }
    }

    pub(crate) fn open(&mut self, by: &Doer, order: OpenOrder) -> Outcome {
        self.command(by, Order::Open(order))
    }

    /// An incident in West 1 that the chief reports.
    pub(crate) fn report(&mut self, level: Level, class: CaseClass) -> IncidentId {
        match self.open(&chief(), by_hand(level, class)) {
            Outcome::Done(Some((id, 1))) => id,
            other => panic!("{other:?}"),
        }
    }

    pub(crate) fn mode(&mut self, by: &Doer, mode: Mode) -> Outcome {
        self.command(
            by,
            Order::Mode(ModeOrder {
                mode,
                reason: why(),
            }),
        )
    }

    pub(crate) fn incident(&self, id: &IncidentId) -> Incident {
        self.story.city.incident(id).unwrap()
    }

    /// All incidents, the oldest first.
    pub(crate) fn incidents(&self) -> Vec<Incident> {
        self.story.city.incidents().cloned().collect()
    }

    /// The only incident.
    pub(crate) fn only(&self) -> IncidentId {
        let all = self.incidents();
        assert_eq!(all.len(), 1, "{all:#?}");
        all[0].id.clone()
    }

    pub(crate) fn dossier(&self, id: &IncidentId) -> Dossier {
        self.story.city.dossier(id).unwrap()
    }

    /// What happened to it without anybody's doing, in words of the debugger.
    pub(crate) fn own_deeds(&self, id: &IncidentId) -> Vec<What> {
        let deeds = self.dossier(id).timeline.into_iter();
        let own = deeds.filter(|deed: &Deed| !matches!(deed.what, What::Act(_)));
        own.map(|deed| deed.what).collect()
    }

    /// Ticker lines of moved incidents, in English.
    pub(crate) fn moves(&self) -> Vec<String> {
        let events = self.story.events.iter();
        let moved = events.filter(|event| event.kind == EventKind::IncidentMoved);
        moved.map(|event| event.text.en.clone()).collect()
    }

    /// The department's tally, over all months and districts.
    pub(crate) fn tally(&self, department: &str) -> Tally {
        let mut sum = Tally::default();
        for card in self.story.city.scorecards() {
            if card.department.as_str() == department {
                sum.add(&card.tally);
            }
        }
        sum
    }

    /// Restarts after every entry must not show: asserts that cutting anywhere gives the same city.
    pub(crate) fn assert_restarts_do_not_show(&self) {
        let mut city = City::new(Arc::clone(&self.package));
        for (seq, entry) in (1..).zip(&self.entries) {
            city.apply(seq, entry);
            let again = City::restore(Arc::clone(&self.package), &city.checkpoint()).unwrap();
            assert_eq!(again.hash(), city.hash(), "after {entry:?}");
            city = again;
        }
        assert_eq!(city.hash(), self.story.city.hash());
    }
}

pub(crate) fn local_time(local: &str) -> TimeMs {
    TimeMs::from_rfc3339(&format!("{local}:00+08:00")).unwrap()
}

pub(crate) fn by_hand(level: Level, class: CaseClass) -> OpenOrder {
    OpenOrder {
        title: "Wang's wall has fallen".to_owned(),
        text: "He called at six.".to_owned(),
        level,
        class,
        area: Some("900001001".into()),
        position: None,
    }
}
