//! What the queue shows, and in which order.

use egret_shared::case::task::{Part, Task, TaskState};
use egret_shared::incident::{Acknowledged, Person};
use egret_shared::package::city::Classification;
use egret_shared::people::Kind;
use egret_shared::text::Text;

use super::*;

fn incident(id: &str, level: Level, due: Option<i64>) -> Incident {
    let title = Text::new("道路积水", "Road ponding");
    Incident {
        due_at: due.map(TimeMs),
        ..Incident::opened(id.into(), "ponding".into(), level, title, TimeMs(0))
    }
}

fn shared(incidents: impl IntoIterator<Item = Incident>) -> Vec<Arc<Incident>> {
    incidents.into_iter().map(Arc::new).collect()
}

fn ids(queue: &[Arc<Incident>]) -> Vec<&str> {
    queue.iter().map(|one| one.id.as_str()).collect()
}

fn shown(incidents: &[Arc<Incident>], filter: &Filter, own: &Own) -> Vec<String> {
    let queue = queue(incidents, filter, own, TimeMs(10));
    ids(&queue).into_iter().map(str::to_owned).collect()
}

fn officer() -> Own {
    Own::of(&Who {
        kind: Kind::User,
        id: "7".into(),
        name: "officer".into(),
        display: "Officer".into(),
        grants: vec![Grant {
            role: Role::Handler,
            areas: Scope::All,
            departments: Scope::Only(vec!["water".into()]),
            up_to: Classification::Sensitive,
        }],
        rights: Vec::new(),
        scenes: Scope::All,
        must_change_password: false,
    })
}

fn task(department: &str, state: TaskState) -> Task {
    Task {
        department: department.into(),
        part: Part::Lead,
        state,
        given_at: TimeMs(0),
        skip_level: false,
        accepted_by: None,
        ended_at: None,
    }
}

#[test]
fn the_worst_comes_first_and_of_those_what_has_the_least_time_left() {
    let mut over = incident("over", Level::Red, Some(1));
    over.state = IncidentState::Closed;
    let mut waiting = incident("waiting", Level::Red, Some(2));
    waiting.clock.paused_since = Some(TimeMs(1));
    let incidents = shared([
        incident("yellow", Level::Yellow, Some(1)),
        incident("later", Level::Red, Some(90)),
        incident("sooner", Level::Red, Some(20)),
        waiting,
        incident("unlimited", Level::Red, None),
        over,
    ]);
    let open = Filter::default();
    let order = ["sooner", "later", "unlimited", "waiting", "yellow"];
    assert_eq!(shown(&incidents, &open, &Own::default()), order);
}

/// One that is led, one that is done, and one that is over.
fn three() -> Vec<Arc<Incident>> {
    let mut led = incident("1", Level::Red, Some(5));
    led.lead = Some("water".into());
    led.areas = vec!["350200".into(), "350203".into()];
    let mut done = incident("2", Level::Orange, Some(50));
    done.state = IncidentState::Feedback;
    done.support = vec!["police".into()];
    let mut cleared = incident("3", Level::Red, None);
    cleared.state = IncidentState::Cleared;
    shared([led, done, cleared])
}

#[test]
fn filters_narrow_the_queue_each_by_itself() {
    let incidents = three();
    let own = Own::default();
    for (filter, expected) in [
        (Filter::default(), &["1", "2"][..]),
        (
            Filter {
                phase: Phase::Done,
                ..Filter::default()
            },
            &["2"],
        ),
        (
            Filter {
                phase: Phase::Over,
                ..Filter::default()
            },
            &["3"],
        ),
        (
            Filter {
                overdue: true,
                ..Filter::default()
            },
            &["1"],
        ),
        (
            Filter {
                level: Some(Level::Orange),
                ..Filter::default()
            },
            &["2"],
        ),
        (
            Filter {
                department: Some("police".into()),
                ..Filter::default()
            },
            &["2"],
        ),
        (
            Filter {
                area: Some("350203".into()),
                ..Filter::default()
            },
            &["1"],
        ),
        (
            Filter {
                words: "road p".into(),
                ..Filter::default()
            },
            &["1", "2"],
        ),
        (
            Filter {
                words: "积水".into(),
                level: Some(Level::Yellow),
                ..Filter::default()
            },
            &[],
        ),
    ] {
        assert_eq!(shown(&incidents, &filter, &own), expected, "{filter:?}");
    }
}

#[test]
fn mine_is_what_i_look_after_took_part_in_or_my_department_has_to_do() {
    let me = Person {
        id: "7".into(),
        name: "Officer".into(),
    };
    let mut looked_after = incident("1", Level::Red, None);
    looked_after.acknowledged = Some(Acknowledged {
        by: me.clone(),
        at: TimeMs(0),
        until: TimeMs(9),
    });
    let mut handled = incident("2", Level::Red, None);
    handled.handlers = vec![me];
    let mut to_do = incident("3", Level::Red, None);
    to_do.tasks = vec![task("water", TaskState::Given)];
    let mut done = incident("4", Level::Red, None);
    done.tasks = vec![task("water", TaskState::Done)];
    let mut foreign = incident("5", Level::Red, None);
    foreign.tasks = vec![task("police", TaskState::Given)];
    let incidents = shared([looked_after, handled, to_do, done, foreign]);
    let mine = Filter {
        mine: true,
        ..Filter::default()
    };
    assert_eq!(shown(&incidents, &mine, &officer()), ["1", "2", "3"]);
    let counts = counts(&incidents, &officer(), TimeMs(10));
    assert_eq!((counts.mine, counts.phases[0]), (3, 5));
}

#[test]
fn counts_say_what_each_filter_would_show() {
    let mut over = incident("c", Level::Red, Some(1));
    over.state = IncidentState::Dismissed;
    let incidents = shared([
        incident("a", Level::Red, Some(5)),
        incident("b", Level::Blue, Some(50)),
        over,
    ]);
    let counted = counts(&incidents, &Own::default(), TimeMs(10));
    assert_eq!(counted.phases, [2, 2, 0, 0, 1]);
    assert_eq!(counted.overdue, 1);
    assert_eq!(counted.levels, [0, 1, 0, 0, 1]);
}

#[test]
fn every_state_is_in_exactly_one_phase_beside_open() {
    for state in IncidentState::ALL {
        let phases = Phase::ALL.into_iter().skip(1);
        assert_eq!(
            phases.filter(|phase| phase.has(state)).count(),
            1,
            "{state:?}"
        );
        assert_ne!(Phase::Open.has(state), Phase::Over.has(state));
    }
    for phase in Phase::ALL {
        assert_eq!(Phase::from_code(phase.code()), Some(phase));
    }
}

#[test]
fn an_incident_is_found_in_the_queue_by_its_id() {
    let incidents = shared([
        incident("a", Level::Red, None),
        incident("b", Level::Red, None),
    ]);
    assert_eq!(place_of(&incidents, "b"), Some(1));
    assert_eq!(place_of(&incidents, "c"), None);
}
