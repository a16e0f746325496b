//! Through the real intake and the journal's real writer: what is told, what is erased, and what
//! is left of it.

use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use egret_mqtt::taker::{Arrival, Outcome, Taker as _};
use serde_json::{Value, json};
use tokio::sync::mpsc;

use super::*;
use crate::city_files::CityFiles;
use crate::clock;
use crate::intake::{Intake, Lanes};
use crate::journal::eraser::Eraser;
use crate::journal::sqlite::{SqliteJournal, database};
use crate::journal::writer::{StoreJob, Writer};
use crate::store::personal::erase::{Erased, NotErased};
use crate::store::sqlite::SqliteStore;
use crate::store::{QuarantineFilter, QuarantineItem, RawItem, Store as _};
use crate::telemetry::Telemetry;

mod beside;
mod erasing;
mod letting_go;
mod telling;

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
