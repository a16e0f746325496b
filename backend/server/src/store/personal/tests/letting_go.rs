//! What is let go by its age takes its keys along.

use egret_shared::time::Span;

use super::*;
use crate::journal::Journal as _;
use crate::store::keep::Keep;

#[tokio::test(flavor = "multi_thread")]
async fn what_is_older_than_is_kept_is_let_go_with_its_key_and_its_words() {
    let world = world();
    for n in 0..3 * crate::limits::TRIM_KEYS {
        world.take_call(&call(&format!("R-{n}"), ANN, None)).await;
    }
    world.take_call(&call("R-ben", BEN, None)).await;
    world.erase(BEN).await.unwrap();
    world.take_call(&call("R-last", ANN, None)).await;
    let last = world.rows::<Seq>("SELECT max(seq) FROM person_key")[0];
    let folder = world.stop();
    let connection = Connection::open(database(folder.path())).unwrap();
    connection
        .execute(
            "UPDATE person_key SET received_ms = 1000 WHERE seq < ?1",
            [last],
        )
        .unwrap();
    let personal = Span(clock::now().0 - 2_000);
    let keep = Keep {
        personal,
        ..Keep::default()
    };
    let journal = SqliteJournal::open(folder.path()).unwrap();
    let mut journal = journal.keeping(keep, chrono_tz::Tz::UTC);
    while journal.tend(clock::now()).unwrap() {}
    let there = |sql: &str| rows::<Seq>(&database(folder.path()), sql);
    assert_eq!(there("SELECT seq FROM person_key"), [last]);
    assert_eq!(there("SELECT DISTINCT seq FROM person_word"), [last]);
    assert_eq!(
        there("SELECT seq FROM personal WHERE length(sealed) > 0"),
        [last]
    );
    drop(journal);
    let world = started_in(folder);
    assert_eq!(world.personal("R-0"), None);
    assert!(world.raw(1).erased);
    assert_eq!(
        world.personal("R-last"),
        Some(fields(&[("/caller/phone", ANN)]))
    );
    world.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_message_that_is_let_go_takes_its_key_along_unless_a_part_was_accepted() {
    let world = world();
    let topic = "egret/v1/hotline/report/x";
    let part = json!([call("R-1", ANN, None), { "report": "R-2", "at": "no time" }]);
    world
        .take(&[(topic, "{".to_owned()), (topic, part.to_string())])
        .await;
    let keys = "SELECT seq FROM person_key ORDER BY seq";
    assert_eq!(world.rows::<Seq>(keys), [1, 2, 3]);
    let connection = Connection::open(database(world.folder.path())).unwrap();
    forget_refused(&connection, i64::MAX).unwrap();
    assert_eq!(world.rows::<Seq>(keys), [2, 3]);
    assert_eq!(world.raw(2).payload, part.to_string().into_bytes());
    world.stop();
}
