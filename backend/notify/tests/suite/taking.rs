//! Taking notices: each once, for whom the routes say, and when.

use egret_notify::{DeliveryState, Taken};
use egret_shared::level::Level;

use crate::world::{HOUR, START, World, at, notice, red};

/// A mail server that nobody asks, and these routes.
fn config(routes: &str) -> String {
    format!(
        r#"
        [notify]
        [[notify.channel]]
        id = "mail"
        kind = "smtp"
        host = "127.0.0.1"
        port = 9
        tls = "none"
        from = "egret@city.example"
        [[notify.channel]]
        id = "group"
        kind = "dingtalk"
        url = "http://127.0.0.1:9/"
        {routes}
        "#
    )
}

/// Who waits for what: recipients with the notice's journal place.
fn waiting(world: &World) -> Vec<(String, String)> {
    let rows = world.rows(DeliveryState::Waiting);
    rows.into_iter()
        .map(|row| (row.recipient, row.key.unwrap()))
        .collect()
}

fn recipients(world: &World) -> Vec<String> {
    waiting(world)
        .into_iter()
        .map(|(recipient, _)| recipient)
        .collect()
}

const EVERYTHING: &str = r#"
    [[notify.route]]
    to = [{ channel = "mail", recipients = ["duty@city.example"] }]
"#;

#[tokio::test]
async fn what_is_handed_in_again_after_a_restart_is_taken_once() {
    let world = World::new(&config(EVERYTHING));
    assert_eq!(world.outbox.last_seq().unwrap(), None);
    let taken = world.outbox.enqueue(&[notice(1), notice(2)]).unwrap();
    let expected = Taken {
        new: 2,
        deliveries: 2,
        ..Taken::default()
    };
    assert_eq!(taken, expected);
    let world = world.reopen(None).await;
    assert_eq!(world.outbox.last_seq().unwrap(), Some(2));
    let taken = world
        .outbox
        .enqueue(&[notice(1), notice(2), notice(3)])
        .unwrap();
    assert_eq!((taken.new, taken.known), (1, 2));
    let keys: Vec<String> = waiting(&world).into_iter().map(|(_, key)| key).collect();
    assert_eq!(keys, [1, 2, 3].map(|seq| notice(seq).key));
}

#[tokio::test]
async fn the_place_in_the_journal_goes_on_without_notices_and_never_back() {
    let world = World::new(&config(EVERYTHING));
    world.outbox.advance(10).unwrap();
    world.outbox.advance(4).unwrap();
    world.enqueue(&[notice(7)]);
    assert_eq!(world.outbox.last_seq().unwrap(), Some(10));
    assert_eq!(waiting(&world).len(), 1, "its key was not known");
}

#[tokio::test]
async fn a_notice_without_a_usable_key_is_refused_and_the_others_pass() {
    let world = World::new(&config(EVERYTHING));
    let nameless = egret_notify::Notice {
        key: String::new(),
        ..notice(1)
    };
    let endless = egret_notify::Notice {
        key: "x".repeat(257),
        ..notice(2)
    };
    let taken = world
        .outbox
        .enqueue(&[nameless, endless, notice(3)])
        .unwrap();
    assert_eq!((taken.new, taken.refused), (1, 2));
}

#[tokio::test]
async fn a_recipient_of_several_routes_gets_a_notice_once() {
    let world = World::new(&config(
        r#"
        [[notify.route]]
        to = [{ channel = "mail", recipients = ["Duty@city.example", "lin@city.example"] }]
        [[notify.route]]
        to = [
          { channel = "mail", recipients = ["duty@city.example"] },
          { channel = "group", mentions = ["13800001111"] },
        ]
        "#,
    ));
    world.enqueue(&[notice(1)]);
    let mut recipients = recipients(&world);
    recipients.sort();
    assert_eq!(recipients, ["", "duty@city.example", "lin@city.example"]);
}

#[tokio::test]
async fn a_route_takes_what_passes_all_of_its_filters() {
    let to = |name: &str, filter: &str| {
        format!(
            "[[notify.route]]\n\
             to = [{{ channel = \"mail\", recipients = [\"{name}@city.example\"] }}]\n{filter}\n"
        )
    };
    // Each pair is one filter that takes the notice, and one that does not.
    let filters = [
        ("level", "level = \"yellow\"", "level = \"orange\""),
        ("kinds", "kinds = [\"opened\"]", "kinds = [\"closed\"]"),
        (
            "classes",
            "classes = [\"utilities\"]",
            "classes = [\"life\"]",
        ),
        ("area", "areas = [\"350203\"]", "areas = [\"350211\"]"),
        ("above", "areas = [\"350200\"]", "areas = [\"350203001\"]"),
        (
            "lead",
            "departments = [\"water\"]",
            "departments = [\"fire\"]",
        ),
        (
            "support",
            "departments = [\"traffic\"]",
            "departments = [\"fire\"]",
        ),
        ("persons", "persons = [\"lin\"]", "persons = [\"chen\"]"),
    ];
    let mut routes = String::new();
    for (name, takes, refuses) in filters {
        routes += &to(name, takes);
        routes += &to(&format!("no-{name}"), refuses);
        routes += &to(
            &format!("half-{name}"),
            &format!("{takes}\nhours = \"00:00-24:00\"\ndays = [\"tue\"]\nquiet = \"drop\""),
        );
    }
    let world = World::new(&config(&routes));
    world.enqueue(&[notice(1)]);
    let mut expected: Vec<String> = filters
        .map(|(name, _, _)| format!("{name}@city.example"))
        .to_vec();
    let mut found = recipients(&world);
    expected.sort();
    found.sort();
    assert_eq!(found, expected);
}

#[tokio::test]
async fn outside_its_hours_a_route_holds_or_drops_and_red_breaks_through() {
    // It is 06:05.
    let world = World::new(&config(
        r#"
        [[notify.route]]
        to = [{ channel = "mail", recipients = ["holds@city.example"] }]
        hours = "08:00-18:00"
        [[notify.route]]
        to = [{ channel = "mail", recipients = ["drops@city.example"] }]
        hours = "08:00-18:00"
        quiet = "drop"
        "#,
    ));
    world.enqueue(&[notice(1), red(2)]);
    let held = at(2 * HOUR - 5 * 60_000);
    let rows = world.rows(DeliveryState::Waiting);
    let found: Vec<_> = rows
        .iter()
        .map(|row| (row.recipient.as_str(), row.level, row.due_at))
        .collect();
    let expected = [
        ("holds@city.example", Level::Yellow, held),
        ("drops@city.example", Level::Red, START),
        ("holds@city.example", Level::Red, START),
    ];
    assert_eq!(found, expected);
    let status = world.outbox.status().unwrap();
    assert_eq!(
        (status.channels[0].held, status.channels[0].waiting),
        (1, 2)
    );
}

#[tokio::test]
async fn what_waits_for_a_channel_that_is_gone_fails_visibly() {
    let world = World::new(&config(EVERYTHING));
    world.enqueue(&[notice(1)]);
    let without = "[notify]\n";
    let world = world.reopen(Some(without)).await;
    let failed = world.rows(DeliveryState::Failed);
    assert_eq!(failed.len(), 1);
    assert!(
        failed[0]
            .error
            .as_ref()
            .unwrap()
            .contains("no longer in the settings")
    );
}

#[tokio::test]
async fn what_happened_too_long_ago_is_not_told() {
    let world = World::new(&config(EVERYTHING));
    let old = egret_notify::Notice {
        at: at(-4 * 24 * HOUR),
        ..notice(1)
    };
    world.enqueue(&[old, notice(2)]);
    assert_eq!(world.rows(DeliveryState::Failed).len(), 1);
    assert_eq!(world.rows(DeliveryState::Waiting).len(), 1);
}

#[tokio::test]
async fn a_file_of_a_newer_version_is_refused() {
    let world = World::new(&config(EVERYTHING));
    let path = world.path("notify.db");
    let connection = rusqlite::Connection::open(&path).unwrap();
    connection.pragma_update(None, "user_version", 2).unwrap();
    drop(connection);
    let settings = egret_notify::Settings::none();
    let error = egret_notify::Outbox::open(
        path.parent().unwrap(),
        settings,
        std::sync::Arc::new(|| START),
    );
    let error = error.unwrap_err().to_string();
    assert!(
        error.contains("version 2") && error.contains("notify.db"),
        "{error}"
    );
}

#[tokio::test]
async fn a_test_reaches_everybody_of_a_channel_once_whatever_filters_and_hours_say() {
    let world = World::new(&config(
        r#"
        [[notify.route]]
        to = [{ channel = "mail", recipients = ["duty@city.example", "lin@city.example"] }]
        level = "red"
        days = ["sun"]
        [[notify.route]]
        to = [
          { channel = "mail", recipients = ["duty@city.example"] },
          { channel = "group" },
        ]
        kinds = ["closed"]
        "#,
    ));
    assert_eq!(world.outbox.test("mail").unwrap(), 2);
    assert_eq!(world.outbox.test("elsewhere").unwrap(), 0);
    assert_eq!(
        recipients(&world),
        ["duty@city.example", "lin@city.example"]
    );
    let rows = world.rows(DeliveryState::Waiting);
    assert!(rows.iter().all(|row| row.due_at == START));
}
