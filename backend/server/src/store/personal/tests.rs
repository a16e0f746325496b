//! Through the real intake and the journal's real writer: what is told, what is erased, and what
//! is left of it.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use egret_mqtt::taker::{Arrival, Outcome, Taker as _};
use egret_shared::time::Span;
use serde_json::{Value, json};
use tokio::sync::mpsc;

use super::*;
use crate::city_files::CityFiles;
use crate::clock;
use crate::intake::{Intake, Lanes};
use crate::journal::Journal as _;
use crate::journal::eraser::Eraser;
use crate::journal::sqlite::{SqliteJournal, database};
use crate::journal::writer::{StoreJob, Writer};
use crate::store::keep::Keep;
use crate::store::personal::erase::{Erased, NotErased};
use crate::store::sqlite::SqliteStore;
use crate::store::{QuarantineFilter, QuarantineItem, RawItem, Store as _};
use crate::telemetry::Telemetry;

mod beside;

/// Numbers from a range that is given to nobody.
const ANN: &str = "19900001234";
const BEN: &str = "19900005678";

/// A server's way in and its store, without anything that folds.
struct World {
    intake: Intake,
    jobs: mpsc::Sender<StoreJob>,
    writing: std::thread::JoinHandle<Result<(), JournalError>>,
    store: SqliteStore,
    folder: tempfile::TempDir,
}

fn world() -> World {
    started_in(tempfile::tempdir().unwrap())
}

/// The tiny city, whose hotline carries callers, on what `folder` holds.
fn started_in(folder: tempfile::TempDir) -> World {
    let city = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/cities/tiny");
    let mut package = CityFiles::read(&city).unwrap().load().unwrap();
    for feed in &mut package.feeds {
        if feed.id.as_str() == "hotline" {
            feed.personal = vec!["/caller/phone".into(), "/caller/name".into()];
        }
    }
    let seal = Seal::open(folder.path()).unwrap();
    let (lanes, live, stored) = Lanes::new();
    let (jobs, store_end) = mpsc::channel(8);
    let (committed, _nobody_folds) = mpsc::channel(8);
    let writer = Writer {
        journal: SqliteJournal::open(folder.path()).unwrap(),
        live,
        stored,
        store: store_end,
        committed,
        telemetry: Telemetry::new(),
        held: None,
    };
    World {
        intake: Intake::new(Arc::new(package), seal.clone(), lanes, true),
        jobs,
        writing: std::thread::spawn(move || writer.run()),
        store: SqliteStore::new(database(folder.path())).opening(seal),
        folder,
    }
}

fn call(report: &str, phone: &str, name: Option<&str>) -> Value {
    let caller = json!({ "phone": phone, "name": name });
    let at = clock::now();
    json!({ "report": report, "at": at, "state": "opened", "text": "积水", "caller": caller })
}

impl World {
    /// Takes messages in as one batch, and returns once they are durable.
    async fn take(&self, messages: &[(&str, String)]) -> Vec<Outcome> {
        let arrival = |(topic, payload): &(&str, String)| Arrival {
            beside: None,
            topic: (*topic).into(),
            payload: Bytes::from(payload.clone()),
            payload_bytes: payload.len(),
            client: "gw-7".into(),
        };
        let batch = messages.iter().map(arrival).collect();
        self.intake.take(batch).await.unwrap().await.unwrap()
    }

    async fn take_call(&self, message: &Value) {
        let outcomes = self
            .take(&[("egret/v1/hotline/report/x", message.to_string())])
            .await;
        assert_eq!(outcomes, [Outcome::Kept]);
    }

    fn eraser(&self) -> Eraser {
        Eraser::new(self.store.clone(), self.jobs.downgrade())
    }

    async fn erase(&self, value: &str) -> Result<Erased, NotErased> {
        self.eraser().erase(value.to_owned()).await
    }

    /// The word of the blind index for a phone number.
    fn word(&self, phone: &str) -> Word {
        Seal::existing(self.folder.path())
            .unwrap()
            .unwrap()
            .word(phone)
    }

    fn personal(&self, report: &str) -> Option<PersonalFields> {
        let (feed, report) = (FeedId::new("hotline"), ReportId::new(report));
        let found = self.store.personal(&feed, &report).unwrap();
        // Which entry told it is of no interest here.
        found.map(|found| PersonalFields { seq: 0, ..found })
    }

    fn raw(&self, seq: Seq) -> RawItem {
        self.store.raw_opened(seq).unwrap().unwrap()
    }

    /// Refused messages, newest first, opened.
    fn refused(&self) -> Vec<QuarantineItem> {
        let filter = QuarantineFilter {
            limit: 100,
            ..QuarantineFilter::default()
        };
        self.store.quarantine_opened(&filter).unwrap()
    }

    fn rows<T: rusqlite::types::FromSql>(&self, sql: &str) -> Vec<T> {
        rows(&database(self.folder.path()), sql)
    }

    /// Ends the writer as a server that is stopped does.
    fn stop(self) -> tempfile::TempDir {
        drop((self.intake, self.jobs));
        self.writing.join().unwrap().unwrap();
        self.folder
    }
}

fn rows<T: rusqlite::types::FromSql>(database: &Path, sql: &str) -> Vec<T> {
    let connection = Connection::open(database).unwrap();
    let mut statement = connection.prepare(sql).unwrap();
    let rows = statement.query_map([], |row| row.get(0)).unwrap();
    rows.collect::<Result<_, _>>().unwrap()
}

fn fields(pairs: &[(&str, &str)]) -> PersonalFields {
    let pair = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    PersonalFields {
        seq: 0,
        fields: pairs.iter().map(pair).collect(),
        erased: false,
    }
}

const ERASED: PersonalFields = PersonalFields {
    seq: 0,
    fields: Vec::new(),
    erased: true,
};

#[tokio::test(flavor = "multi_thread")]
async fn of_each_field_the_newest_is_told_and_masked_unless_it_is_asked_for() {
    let world = world();
    world.take_call(&call("R-1", ANN, Some("张三"))).await;
    world.take_call(&call("R-2", ANN, None)).await;
    world.take_call(&call("R-1", BEN, None)).await;
    let told = world.personal("R-1").unwrap();
    assert_eq!(
        told,
        fields(&[("/caller/phone", BEN), ("/caller/name", "张三")])
    );
    let masked = told.clone().told(true);
    let values: Vec<&str> = masked.fields.iter().map(|(_, value)| &**value).collect();
    assert_eq!((values, masked.masked), (vec!["199****5678", "张*"], true));
    assert_eq!(told.clone().told(false).fields, told.fields);
    assert_eq!(world.personal("R-3"), None);
    world.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn one_message_has_one_key_and_one_without_personal_fields_of_its_feed_has_none() {
    let world = world();
    let level = json!({ "at": clock::now(), "values": { "water_level": { "v": 1, "u": "m" } } });
    world
        .take(&[("egret/v1/manhole/M-1", level.to_string())])
        .await;
    assert_eq!(world.rows::<Seq>("SELECT seq FROM person_key"), [0; 0]);
    let silent = json!({ "report": "R-1", "at": clock::now(), "state": "closed" });
    for message in [call("R-1", ANN, Some("张三")), silent] {
        world.take_call(&message).await;
    }
    assert_eq!(world.rows::<Seq>("SELECT seq FROM person_key"), [2, 3]);
    assert!(!world.store.raw(1).unwrap().unwrap().sealed);
    for (seq, word) in [(2, ANN), (3, "closed")] {
        let kept = world.store.raw(seq).unwrap().unwrap();
        assert!(kept.sealed && !String::from_utf8_lossy(&kept.payload).contains(word));
        let opened = world.raw(seq);
        assert!(!opened.sealed && String::from_utf8(opened.payload).unwrap().contains(word));
    }
    world.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn reports_that_come_late_are_opened_by_their_own_keys_wherever_they_are_committed() {
    let world = world();
    let topic = "egret/v1/hotline/report/x";
    let late = |report: &str, phone: &str| {
        let mut message = call(report, phone, None);
        message["at"] = json!(clock::now().minus(Span(3_600_000)));
        (topic, message.to_string())
    };
    let live = |report: &str| (topic, call(report, BEN, None).to_string());
    // Eight of them fill a part; the ninth goes by another.
    let mut batch = vec![
        live("L-1"),
        ("egret/v1/manhole/M-1", "{".to_owned()),
        live("L-2"),
    ];
    for n in 0..9 {
        batch.push(late(&format!("S-{n}"), &format!("1990000000{n}")));
    }
    world.take(&batch).await;
    for report in ["L-1", "L-2"] {
        let expected = fields(&[("/caller/phone", BEN)]);
        assert_eq!(world.personal(report), Some(expected), "{report}");
    }
    for n in 0..9 {
        let phone = format!("1990000000{n}");
        let expected = fields(&[("/caller/phone", &phone)]);
        assert_eq!(world.personal(&format!("S-{n}")), Some(expected));
    }
    for seq in world.rows::<Seq>("SELECT seq FROM personal") {
        assert!(
            !world.raw(seq).payload.is_empty(),
            "the message of entry {seq}"
        );
    }
    world.stop();
}

/// Ann's and Ben's calls: one report each, one message with a report of each, and two messages
/// that are refused. Entries 1 to 6; the refusals are 5 and 6.
async fn take_calls(world: &World) {
    world.take_call(&call("R-1", ANN, Some("张三"))).await;
    world.take_call(&call("R-2", BEN, Some("李四"))).await;
    let both = json!([
        call("R-3", "+86 199-0000-1234", None),
        call("R-4", BEN, None)
    ]);
    world.take_call(&both).await;
    for phone in [ANN, BEN] {
        let topic = "egret/v1/hotline/report/R-5";
        let broken = format!("{{\"caller\":\"{phone}\"");
        let outcomes = world.take(&[(topic, broken)]).await;
        assert_ne!(outcomes, [Outcome::Kept]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_erased_is_gone_from_reports_messages_and_refusals_and_nobody_else_is() {
    let world = world();
    take_calls(&world).await;
    // A later step of Ann's report, by which she is not found.
    world.take_call(&call("R-1", "19900009999", None)).await;
    let journal = "SELECT body FROM journal WHERE first_seq <= 7 ORDER BY first_seq";
    let before: Vec<Vec<u8>> = world.rows(journal);

    let erased = world.erase("199 0000 1234").await.unwrap();
    assert_eq!(
        erased,
        Erased {
            reports: 2,
            refused: 1
        }
    );
    assert_eq!(world.rows::<Vec<u8>>(journal), before);
    for report in ["R-1", "R-3"] {
        assert_eq!(world.personal(report), Some(ERASED), "{report}");
    }
    let ben = fields(&[("/caller/phone", BEN), ("/caller/name", "李四")]);
    assert_eq!(world.personal("R-2"), Some(ben));
    assert_eq!(
        world.personal("R-4"),
        Some(fields(&[("/caller/phone", BEN)])),
        "he came in the same message"
    );
    for seq in [1, 3, 4, 7] {
        let raw = world.raw(seq);
        let gone = (raw.sealed, raw.erased, raw.payload.len());
        assert_eq!(gone, (true, true, 0), "the message of entry {seq}");
    }
    assert!(
        String::from_utf8(world.raw(2).payload)
            .unwrap()
            .contains(BEN)
    );
    let [bens, anns] = &world.refused()[..] else {
        panic!("{:?}", world.refused());
    };
    assert!(bens.raw.as_ref().unwrap().contains(BEN) && !bens.sealed && !bens.erased);
    assert!(anns.raw.is_none() && anns.sealed && anns.erased);

    assert_eq!(world.erase(ANN).await.unwrap(), Erased::default());
    world.take_call(&call("R-1", ANN, None)).await;
    assert_eq!(
        world.personal("R-1"),
        Some(fields(&[("/caller/phone", ANN)])),
        "what comes later is kept as if it were new"
    );
    let again = world.erase(ANN).await.unwrap();
    assert_eq!((again.reports, world.personal("R-1")), (1, Some(ERASED)));
    world.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_is_found_by_name_and_by_a_number_written_in_another_way() {
    let world = world();
    take_calls(&world).await;
    let by_name = world.erase(" 李四").await.unwrap();
    assert_eq!((by_name.reports, world.personal("R-2")), (1, Some(ERASED)));
    let by_number = world.erase("0086-19900005678").await.unwrap();
    assert_eq!((by_number.reports, by_number.refused), (1, 1));
    assert_eq!(world.personal("R-4"), Some(ERASED));
    let short = world.erase(" 张 ").await.unwrap_err().to_string();
    assert!(short.contains("1 characters"), "{short}");
    world.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_of_which_a_part_was_refused_opens_until_somebody_in_it_is_erased() {
    let world = world();
    let part = json!([
        call("R-1", ANN, None),
        call("R-2", BEN, None),
        { "report": "R-3", "at": "no time", "caller": { "name": "王五" } },
        { "report": "R-4", "at": "nor this" },
    ]);
    let topic = "egret/v1/hotline/report/x";
    // Another in the same batch, so that its entries do not begin at the batch's.
    let first = call("R-0", BEN, None).to_string();
    world
        .take(&[(topic, first), (topic, part.to_string())])
        .await;
    assert_eq!(world.raw(3).payload, part.to_string().into_bytes());
    assert_eq!(world.refused()[0].raw, Some(part.to_string()));
    // Who was refused is in the message, but in no report.
    let erased = world.erase("王五").await.unwrap();
    assert_eq!((erased.reports, erased.refused), (0, 1));
    assert!(world.raw(2).erased && world.refused()[0].erased);
    assert!(!world.raw(1).erased);
    let ann = fields(&[("/caller/phone", ANN)]);
    assert_eq!(world.personal("R-1"), Some(ann));
    world.stop();
}

/// Bytes by which something is looked for: its last ones, for the first of what is deleted are
/// overwritten in any case.
const TAIL_BYTES: usize = 16;

fn tail(bytes: &[u8]) -> [u8; TAIL_BYTES] {
    *bytes.last_chunk().unwrap()
}

/// Those of `kept` whose tails stand in some file of the folder.
fn found(folder: &Path, kept: &BTreeSet<[u8; TAIL_BYTES]>) -> BTreeSet<[u8; TAIL_BYTES]> {
    let mut found = BTreeSet::new();
    for file in std::fs::read_dir(folder).unwrap() {
        let bytes = std::fs::read(file.unwrap().path()).unwrap();
        let windows = bytes.windows(TAIL_BYTES).map(tail);
        found.extend(windows.filter(|window| kept.contains(window)));
    }
    found
}

#[tokio::test(flavor = "multi_thread")]
async fn no_byte_of_what_was_erased_is_in_any_file_while_the_server_runs_on() {
    let world = world();
    // Enough for trees of several levels, a batch at a time, so that pages are split.
    for batch in 0..40 {
        let message = |n: i32| {
            let phone = if n % 3 == 0 { ANN } else { BEN };
            let message = call(&format!("R-{batch}-{n}"), phone, Some("某某"));
            ("egret/v1/hotline/report/x", message.to_string())
        };
        let messages: Vec<_> = (0..20).map(message).collect();
        world.take(&messages).await;
    }
    let kept = |phone: &str| -> BTreeSet<[u8; TAIL_BYTES]> {
        let word = world.word(phone);
        let connection = Connection::open(database(world.folder.path())).unwrap();
        let mut statement = connection
            .prepare(
                "SELECT wrapped, sealed FROM personal JOIN person_key USING (seq)
                 JOIN person_word USING (seq) WHERE word = ?1",
            )
            .unwrap();
        let mut kept = BTreeSet::from([tail(&word)]);
        let mut rows = statement.query([word]).unwrap();
        while let Some(row) = rows.next().unwrap() {
            kept.extend([0, 1].map(|column| tail(row.get_ref(column).unwrap().as_blob().unwrap())));
        }
        kept
    };
    let (anns, bens) = (kept(ANN), kept(BEN));
    assert_eq!((anns.len(), bens.len()), (1 + 2 * 280, 1 + 2 * 520));
    let folder = world.folder.path();
    assert_eq!(found(folder, &anns).len(), anns.len(), "the sieve holds");
    assert_eq!(world.erase(ANN).await.unwrap().reports, 280);
    assert_eq!(
        found(folder, &anns).len(),
        0,
        "of Ann's keys, fields and word"
    );
    assert_eq!(found(folder, &bens).len(), bens.len());
    world.stop();
}

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

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_whose_key_was_replaced_says_so_and_tells_nothing() {
    let world = world();
    take_calls(&world).await;
    let folder = world.stop();
    std::fs::remove_file(folder.path().join("personal.key")).unwrap();
    let world = started_in(folder);
    let (feed, report) = (FeedId::new("hotline"), ReportId::new("R-1"));
    for error in [
        world.store.personal(&feed, &report).unwrap_err(),
        world.store.raw_opened(1).unwrap_err(),
    ] {
        let error = error.to_string();
        assert!(
            error.contains("entry 1") && error.contains("personal.key"),
            "{error}"
        );
    }
    assert!(
        world
            .refused()
            .iter()
            .all(|item| item.sealed && item.raw.is_none())
    );
    assert_eq!(world.erase(ANN).await.unwrap(), Erased::default());
    world.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_in_the_way_of_emptying_the_log_is_waited_for() {
    let world = world();
    take_calls(&world).await;
    let reader = Connection::open(database(world.folder.path())).unwrap();
    reader
        .execute_batch("BEGIN; SELECT count(*) FROM journal")
        .unwrap();
    let eraser = world.eraser();
    let tasks = tokio_util::task::TaskTracker::new();
    let erasing = tasks.spawn(async move { eraser.erase(ANN.to_owned()).await });
    // The keys go at once …
    while world.personal("R-3") != Some(ERASED) {
        tokio::task::yield_now().await;
    }
    let log = world.folder.path().join("egret.db-wal");
    let log_bytes = || std::fs::metadata(&log).unwrap().len();
    assert!(
        !erasing.is_finished() && log_bytes() > 0,
        "… but are still in the log"
    );
    reader.execute_batch("COMMIT").unwrap();
    assert_eq!(erasing.await.unwrap().unwrap().reports, 2);
    assert_eq!(log_bytes(), 0);
    world.stop();
}
