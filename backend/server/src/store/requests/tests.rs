//! How reports stand after their steps, in whatever order they are told.

use egret_shared::flags::Flags;
use smol_str::SmolStr;

use super::*;

fn database() -> Connection {
    let connection = Connection::open_in_memory().unwrap();
    connection.execute_batch(SCHEMA).unwrap();
    connection
}

fn step(report: &str, state: &str, at: i64) -> Report {
    Report {
        feed: FeedId::new("hotline"),
        report: ReportId::new(report),
        message: None,
        state: SmolStr::new(state),
        category: SmolStr::default(),
        observed_at: TimeMs(at),
        received_at: TimeMs(at),
        position: None,
        area: None,
        text: String::new(),
        flags: Flags::NONE,
    }
}

fn opened() -> Report {
    Report {
        category: SmolStr::new("waterlogging"),
        position: Position::checked(118.05, 24.45),
        area: Some(AreaCode::new("900001")),
        text: "路口积水".into(),
        ..step("R-1", "opened", 100)
    }
}

fn told(connection: &Connection, steps: Vec<Report>) {
    let entries: Vec<_> = steps.into_iter().map(Entry::Report).collect();
    put(connection, &FeedId::new("hotline"), &entries).unwrap();
}

fn found(connection: &Connection, report: &str) -> Option<Request> {
    one(connection, &FeedId::new("hotline"), &ReportId::new(report)).unwrap()
}

#[test]
fn a_report_stands_as_its_newest_step_says_in_whatever_order_they_come() {
    let steps = [
        opened(),
        step("R-1", "dispatched", 200),
        step("R-1", "closed", 300),
    ];
    let orders = [
        [0, 1, 2],
        [0, 2, 1],
        [1, 0, 2],
        [1, 2, 0],
        [2, 0, 1],
        [2, 1, 0],
    ];
    for order in orders {
        let connection = database();
        for number in order {
            told(&connection, vec![steps[number].clone()]);
        }
        let request = found(&connection, "R-1").unwrap();
        let expected = Request {
            report: ReportId::new("R-1"),
            category: "waterlogging".into(),
            state: "closed".into(),
            opened_at: TimeMs(100),
            changed_at: TimeMs(300),
            position: Position::checked(118.05, 24.45),
            area: Some(AreaCode::new("900001")),
            text: "路口积水".into(),
        };
        assert_eq!(request, expected, "{order:?}");
        assert!(request.is_closed());
    }
}

#[test]
fn reports_are_listed_by_when_they_were_opened_and_those_of_other_feeds_are_not() {
    let connection = database();
    let foreign = Report {
        feed: FeedId::new("patrol"),
        ..opened()
    };
    let numbered = |n: i64| step(&format!("R-{n}"), "opened", n);
    told(&connection, (0..5).map(numbered).chain([foreign]).collect());
    let filter = RequestFilter {
        feed: FeedId::new("hotline"),
        from: TimeMs(1),
        to: TimeMs(4),
    };
    let mut seen = Vec::new();
    list(&connection, &filter, &mut |request| {
        seen.push(request.report.as_str().to_owned());
        true
    })
    .unwrap();
    assert_eq!(seen, ["R-3", "R-2", "R-1"]);
    let mut n_seen = 0;
    list(&connection, &filter, &mut |_| {
        n_seen += 1;
        n_seen < 2
    })
    .unwrap();
    assert_eq!(n_seen, 2);
}

#[test]
fn what_nothing_was_told_of_for_long_is_let_go_a_few_at_once() {
    let connection = database();
    told(
        &connection,
        (0..5)
            .map(|n| step(&format!("R-{n}"), "opened", n))
            .collect(),
    );
    assert!(trim(&connection, TimeMs(3), 2).unwrap());
    assert!(!trim(&connection, TimeMs(3), 2).unwrap());
    assert!(found(&connection, "R-2").is_none());
    assert!(found(&connection, "R-3").is_some());
}
