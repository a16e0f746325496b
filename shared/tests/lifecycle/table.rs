//! The table of `docs/casework.md`: who may do what, when it stands where. Read from the page, not
//! from the code.

use std::path::Path;

use IncidentState::{
    Cleared, Closed, Dismissed, Dispatched, Evaluated, Feedback, Filed, Handling, Merged, Reported,
    Verified,
};
use egret_shared::case::ActKind;
use egret_shared::case::task::TaskState;
use egret_shared::case::{Doer, Power};
use egret_shared::incident::{Incident, IncidentState};

/// Who may do something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Who {
    /// Who supervises.
    Supervise,
    /// Who dispatches.
    Dispatch,
    /// Who decides.
    Decide,
    /// Who handles for a department that has or had a task.
    Department,
    /// Who supervises, or a department with an open task.
    OpenTask,
    /// Who supervises, or a department that has or had a task.
    AnyTask,
}

/// A row: the act, who, whether programs too, and where it stands.
pub(crate) type Row = (ActKind, Who, bool, &'static [IncidentState]);

const OPEN: &[IncidentState] = &[
    Reported, Cleared, Filed, Dispatched, Handling, Feedback, Verified,
];
const NOT_MERGED: &[IncidentState] = &[
    Reported, Cleared, Filed, Dispatched, Handling, Feedback, Verified, Closed, Evaluated,
    Dismissed,
];
const TASKS: &[IncidentState] = &[Dispatched, Handling];
const WORK: &[IncidentState] = &[Filed, Dispatched, Handling];

pub(crate) const TABLE: [Row; 25] = [
    (ActKind::Acknowledge, Who::OpenTask, false, OPEN),
    (ActKind::File, Who::Supervise, true, &[Reported, Cleared]),
    (
        ActKind::Dismiss,
        Who::Supervise,
        false,
        &[Reported, Cleared, Filed],
    ),
    (ActKind::Dispatch, Who::Dispatch, true, WORK),
    (
        ActKind::Command,
        Who::Dispatch,
        false,
        &[Reported, Cleared, Filed, Dispatched, Handling],
    ),
    (ActKind::Accept, Who::Department, false, TASKS),
    (ActKind::Return, Who::Department, false, TASKS),
    (ActKind::Dispute, Who::Department, false, TASKS),
    (ActKind::Decide, Who::Decide, false, TASKS),
    (ActKind::Feedback, Who::Department, false, TASKS),
    (ActKind::Verify, Who::Supervise, false, &[Feedback]),
    (ActKind::Close, Who::Supervise, false, &[Verified]),
    (ActKind::Evaluate, Who::Supervise, true, &[Closed]),
    (
        ActKind::Reopen,
        Who::Supervise,
        false,
        &[Closed, Evaluated, Dismissed],
    ),
    (ActKind::Supervise, Who::Dispatch, true, OPEN),
    (ActKind::Grade, Who::Supervise, true, OPEN),
    (ActKind::Wait, Who::OpenTask, true, WORK),
    (ActKind::Resume, Who::OpenTask, true, WORK),
    (ActKind::Tick, Who::OpenTask, false, OPEN),
    (ActKind::Comment, Who::AnyTask, true, NOT_MERGED),
    (ActKind::Attach, Who::AnyTask, true, NOT_MERGED),
    (ActKind::Link, Who::AnyTask, true, NOT_MERGED),
    (ActKind::Merge, Who::Supervise, false, OPEN),
    (ActKind::Split, Who::Supervise, false, OPEN),
    (ActKind::Parent, Who::Supervise, false, NOT_MERGED),
];

pub(crate) fn row(kind: ActKind) -> Row {
    TABLE.into_iter().find(|row| row.0 == kind).unwrap()
}

/// Whether the table lets `doer` do an act of `kind` to `incident`, wherever it stands.
pub(crate) fn is_granted(incident: &Incident, doer: &Doer, kind: ActKind) -> bool {
    let has = |power| doer.powers.contains(&power);
    let any = incident.tasks.iter();
    let any = any.filter(|task| doer.handles_for(&task.department));
    let open = |state: TaskState| matches!(state, TaskState::Given | TaskState::Accepted);
    let has_open = any.clone().any(|task| open(task.state));
    let has_any = any.count() > 0;
    match row(kind).1 {
        Who::Supervise if kind == ActKind::Dismiss && incident.state == Filed => {
            has(Power::Dispatch)
        }
        Who::Supervise => has(Power::Supervise),
        Who::Dispatch => has(Power::Dispatch),
        Who::Decide => has(Power::Decide),
        Who::Department => has_any,
        Who::OpenTask => has(Power::Supervise) || has_open,
        Who::AnyTask => has(Power::Supervise) || has_any,
    }
}

/// The cells of the page's table by act.
fn page() -> Vec<Vec<String>> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/casework.md");
    let text = std::fs::read_to_string(path).unwrap();
    let rows = text
        .lines()
        .skip_while(|line| !line.starts_with("| act |"))
        .skip(2)
        .take_while(|line| line.starts_with('|'));
    let cells = |line: &str| {
        let inner = line.trim_matches('|').split('|');
        inner.map(|cell| cell.trim().to_owned()).collect()
    };
    rows.map(cells).collect()
}

#[test]
fn the_page_and_the_suite_have_the_same_table() {
    let page = page();
    let names = |row: &Vec<String>| -> Vec<String> {
        let acts = row.first().unwrap().split(", ");
        acts.map(|act| act.split(' ').next().unwrap().to_owned())
            .collect()
    };
    let told: Vec<String> = page.iter().flat_map(names).collect();
    for kind in ActKind::ALL {
        assert_eq!(
            told.iter().filter(|name| *name == kind.as_str()).count(),
            1,
            "{kind:?}"
        );
    }
    for cells in &page {
        for name in names(cells) {
            let kind = ActKind::ALL.into_iter().find(|kind| kind.as_str() == name);
            let (_, who, programs, states) = row(kind.unwrap());
            let [_, says_who, says_programs, says_states] = cells.as_slice() else {
                panic!("{cells:?}");
            };
            assert_eq!(says_programs == "yes", programs, "{name}");
            let says_states = says_states.split(';').next().unwrap();
            let listed: Vec<&str> = match says_states {
                "not over" => OPEN.iter().map(|state| state.as_str()).collect(),
                "not merged" => NOT_MERGED.iter().map(|state| state.as_str()).collect(),
                listed => listed.split(", ").collect(),
            };
            let of_table: Vec<&str> = states.iter().map(|state| state.as_str()).collect();
            assert_eq!(listed, of_table, "{name}");
            let begins = match who {
                Who::Supervise => "supervise",
                Who::Dispatch => "dispatch",
                Who::Decide => "decide",
                Who::Department => "the department of a",
                Who::OpenTask => "supervise, or a department with an open task",
                Who::AnyTask => "supervise, or a department that has or had a task",
            };
            assert!(says_who.starts_with(begins), "{name}: {says_who}");
        }
    }
    assert!(
        IncidentState::ALL.contains(&Merged),
        "every state is one of eleven"
    );
}
