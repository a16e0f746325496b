//! What the file keeps is what is kept in memory, whatever changes and however often it is opened.

use std::collections::{BTreeMap, BTreeSet};

use egret_mqtt::gate::Label;
use egret_mqtt::keep::{
    DeliveryChange, DeliveryRow, InMemory, MessageRow, SessionRow, StageRow, SubscriptionRow,
    UnderWay, WillRow,
};
use egret_shared::id::FeedId;
use proptest::prelude::*;

use super::*;
use crate::auth::gate::Told;

fn session(n: u64, ends_at_ms: Option<i64>) -> SessionRow {
    SessionRow {
        owner: "gateway:east".into(),
        client: format!("c-{n}").into(),
        expiry_ms: 60_000,
        ends_at_ms,
    }
}

fn message(number: u64, label: Option<Label>) -> MessageRow {
    MessageRow {
        topic: format!("a/{number}").into(),
        payload: vec![0, 255, 7].into(),
        qos: 2,
        is_retained: number.is_multiple_of(2),
        properties: vec![3, 0, 1, b'x'],
        expires_at_ms: number.is_multiple_of(3).then_some(1_800_000_000_000),
        label,
    }
}

fn delivery(message: Option<u64>, stage: StageRow) -> DeliveryRow {
    DeliveryRow {
        message,
        qos: 2,
        is_retained: true,
        identifiers: vec![1, 268_435_455],
        share: Some("$share/g/a".into()),
        stage,
    }
}

fn will(n: u64, due_at_ms: Option<i64>) -> WillRow {
    WillRow {
        owner: "gateway:east".into(),
        client: format!("c-{n}").into(),
        is_assigned: n.is_multiple_of(2),
        topic: format!("wills/{n}").into(),
        payload: vec![0, 255, 7].into(),
        qos: 1,
        is_retained: n.is_multiple_of(3),
        properties: vec![3, 0, 1, b'x'],
        expiry_ms: n.is_multiple_of(2).then_some(90_000),
        delay_ms: 5_000,
        due_at_ms,
    }
}

/// Something that happens at the endpoint, with small numbers that fall on each other.
#[derive(Clone, Debug)]
enum Step {
    Session(u64, Option<i64>),
    Forget(u64),
    Subscribe(u64, u8, Option<u8>),
    Put(u64, u64),
    Move(u64, usize, StageRow),
    Gone(u64, usize),
    Handled(u64, u16, bool),
    Retain(u64, bool),
    Tell(u64, Option<u64>),
    Will(u64, Option<i64>),
    NoWill(u64),
    Commit,
    Reopen,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let session = || 1..4_u64;
    let under_way = (1..5_u16, 1..9_u64).prop_map(|(identifier, nth)| UnderWay { identifier, nth });
    let stage = prop_oneof![
        under_way.clone().prop_map(StageRow::Published),
        under_way.prop_map(StageRow::Released),
    ];
    let step = prop_oneof![
        2 => (session(), any::<Option<i64>>()).prop_map(|(n, at)| Step::Session(n, at)),
        1 => session().prop_map(Step::Forget),
        2 => (session(), 0..3_u8, any::<Option<u8>>())
            .prop_map(|(n, filter, qos)| Step::Subscribe(n, filter, qos)),
        6 => (session(), 1..6_u64).prop_map(|(n, message)| Step::Put(n, message)),
        4 => (session(), 0..6_usize, stage).prop_map(|(n, place, at)| Step::Move(n, place, at)),
        3 => (session(), 0..6_usize).prop_map(|(n, place)| Step::Gone(n, place)),
        2 => (session(), 1..4_u16, any::<bool>()).prop_map(|(n, id, is)| Step::Handled(n, id, is)),
        2 => (1..4_u64, any::<bool>()).prop_map(|(n, is)| Step::Retain(n, is)),
        1 => (1..4_u64, any::<Option<u64>>()).prop_map(|(n, digest)| Step::Tell(n, digest)),
        2 => (1..4_u64, any::<Option<i64>>()).prop_map(|(n, due)| Step::Will(n, due)),
        1 => (1..4_u64).prop_map(Step::NoWill),
        4 => Just(Step::Commit),
        1 => Just(Step::Reopen),
    ];
    prop::collection::vec(step, 1..60)
}

/// Gathers steps as the endpoint does.
#[derive(Default)]
struct Gathering {
    changes: Changes,
    /// Places that were put in earlier commits and are not gone.
    there: BTreeMap<u64, BTreeSet<u64>>,
    last_place: u64,
    at_ms: i64,
}

impl Gathering {
    fn take(&mut self, step: &Step) {
        let changes = &mut self.changes;
        match *step {
            Step::Session(n, at) => drop(changes.sessions.insert(n, Some(session(n, at)))),
            Step::Forget(n) => {
                changes.subscriptions.retain(|(of, _), _| *of != n);
                changes.deliveries.retain(|(of, _), _| *of != n);
                changes.handled.retain(|(of, _), _| *of != n);
                changes.sessions.insert(n, None);
                self.there.remove(&n);
            }
            Step::Subscribe(n, filter, qos) => {
                let row = qos.map(|qos| SubscriptionRow {
                    qos: qos % 3,
                    no_local: qos > 100,
                    retain_as_published: qos > 50,
                    identifier: (qos > 20).then_some(qos.into()),
                });
                let key = (n, format!("a/{filter}/#").into());
                changes.subscriptions.insert(key, row);
            }
            Step::Put(n, number) => {
                self.last_place += 1;
                changes.messages.insert(number, message(number, None));
                let row = delivery(Some(number), StageRow::Waiting);
                let key = (n, self.last_place);
                changes.deliveries.insert(key, DeliveryChange::Put(row));
            }
            Step::Move(n, place, stage) => {
                if let Some(place) = self.place(n, place) {
                    let change = DeliveryChange::Moved(stage);
                    self.changes.deliveries.insert((n, place), change);
                }
            }
            Step::Gone(n, place) => {
                if let Some(place) = self.place(n, place) {
                    self.changes
                        .deliveries
                        .insert((n, place), DeliveryChange::Gone);
                }
            }
            Step::Handled(n, identifier, is) => drop(changes.handled.insert((n, identifier), is)),
            Step::Retain(n, is) => {
                let row = MessageRow {
                    is_retained: true,
                    ..message(n, None)
                };
                changes
                    .retained
                    .insert(row.topic.clone(), is.then_some(row));
            }
            Step::Tell(n, digest) => {
                changes.told.insert(format!("k-{n}").into(), digest);
            }
            Step::Will(n, due) => {
                changes.wills.insert(n, Some(will(n, due)));
            }
            Step::NoWill(n) => {
                changes.wills.insert(n, None);
            }
            Step::Commit | Step::Reopen => {}
        }
    }

    /// A place of the session that is on the disk.
    fn place(&self, session: u64, nth: usize) -> Option<u64> {
        let places = self.there.get(&session)?;
        places.iter().nth(nth).copied()
    }

    fn commit(&mut self, to: &mut [&mut dyn Keep]) {
        self.at_ms += 1;
        let put = self.changes.deliveries.values();
        let of: BTreeSet<_> = put
            .filter_map(|change| match change {
                DeliveryChange::Put(row) => row.message,
                DeliveryChange::Moved(_) | DeliveryChange::Gone => None,
            })
            .collect();
        let messages = &mut self.changes.messages;
        messages.retain(|number, _| of.contains(number));
        let changes = Changes {
            at_ms: self.at_ms,
            ..std::mem::take(&mut self.changes)
        };
        for keep in to {
            keep.commit(&changes).unwrap();
        }
        for ((session, place), change) in changes.deliveries {
            let places = self.there.entry(session).or_default();
            match change {
                DeliveryChange::Put(_) => drop(places.insert(place)),
                DeliveryChange::Moved(_) => {}
                DeliveryChange::Gone => drop(places.remove(&place)),
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn what_the_file_keeps_is_what_is_kept_in_memory(steps in steps()) {
        let folder = tempfile::tempdir().unwrap();
        let (mut file, _) = KeptFile::open(folder.path()).unwrap();
        let mut memory = InMemory::default();
        let mut gathering = Gathering::default();
        for step in &steps {
            gathering.take(step);
            if matches!(step, Step::Commit | Step::Reopen) {
                gathering.commit(&mut [&mut file, &mut memory]);
            }
            if matches!(step, Step::Reopen) {
                drop(file);
                let (opened, kept) = KeptFile::open(folder.path()).unwrap();
                file = opened;
                prop_assert_eq!(format!("{kept:#?}"), format!("{:#?}", memory.kept()));
            }
        }
        gathering.commit(&mut [&mut file, &mut memory]);
        let kept = load::all(&file.connection).unwrap();
        prop_assert_eq!(format!("{kept:#?}"), format!("{:#?}", memory.kept()));
    }
}

/// What is kept of one message with this label, once the file was closed.
fn with_label(folder: &Path, label: Label) -> Kept {
    let (mut file, _) = KeptFile::open(folder).unwrap();
    let mut changes = Changes::default();
    changes.sessions.insert(1, Some(session(1, None)));
    changes.messages.insert(5, message(5, Some(label)));
    let row = delivery(Some(5), StageRow::Waiting);
    changes.deliveries.insert((1, 1), DeliveryChange::Put(row));
    file.commit(&changes).unwrap();
    drop(file);
    KeptFile::open(folder).unwrap().1
}

#[test]
fn what_the_server_says_of_its_messages_comes_back_with_them() {
    let folder = tempfile::tempdir().unwrap();
    let order = Told::Order(FeedId::new("manhole"));
    let kept = with_label(folder.path(), Arc::new(order));
    let label = kept.messages[&5].label.as_ref().unwrap();
    let told = label.downcast_ref::<Told>().unwrap();
    assert_eq!(told, &Told::Order(FeedId::new("manhole")));
}

#[test]
fn a_message_of_which_it_is_not_known_what_it_is_about_comes_back_to_nobody() {
    let folder = tempfile::tempdir().unwrap();
    let kept = with_label(folder.path(), Arc::new("a label of somebody else"));
    assert!(kept.messages.is_empty());
    assert_eq!(kept.sessions.len(), 1);
}

#[test]
fn a_file_that_is_damaged_says_which_and_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    drop(KeptFile::open(folder.path()).unwrap());
    let path = folder.path().join(DATABASE);
    let connection = Connection::open(&path).unwrap();
    let stage = "INSERT INTO delivery (session, place, message, qos, is_retained, identifiers,
                 stage) VALUES (1, 1, 1, 1, 0, '[]', 9)";
    connection.execute(stage, []).unwrap();
    drop(connection);
    let why = KeptFile::open(folder.path()).unwrap_err().to_string();
    let is_told = ["mqtt.db", "stage 9", "backup"].map(|word| why.contains(word));
    assert_eq!(is_told, [true; 3], "{why}");
}

#[test]
fn a_file_of_the_version_before_goes_on_with_what_is_in_it() {
    let folder = tempfile::tempdir().unwrap();
    let (mut file, _) = KeptFile::open(folder.path()).unwrap();
    let mut changes = Changes::default();
    changes.sessions.insert(1, Some(session(1, None)));
    file.commit(&changes).unwrap();
    file.connection.execute("DROP TABLE will", []).unwrap();
    file.connection
        .pragma_update(None, "user_version", 1)
        .unwrap();
    drop(file);
    let (mut file, kept) = KeptFile::open(folder.path()).unwrap();
    assert_eq!((kept.sessions.len(), kept.wills.len()), (1, 0));
    let mut changes = Changes::default();
    changes.wills.insert(1, Some(will(1, None)));
    file.commit(&changes).unwrap();
    drop(file);
    let (_, kept) = KeptFile::open(folder.path()).unwrap();
    assert_eq!(kept.wills[&1], will(1, None));
}

#[cfg(unix)]
#[test]
fn nobody_but_its_owner_reads_the_file() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().unwrap();
    let (_file, _) = KeptFile::open(folder.path()).unwrap();
    for name in [DATABASE, "mqtt.db-wal"] {
        let path = folder.path().join(name);
        let mode = std::fs::metadata(path).unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0, "{name}");
    }
}
