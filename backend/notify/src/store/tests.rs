//! The store against a receiver that is made up: whatever fails, and whenever the process ends.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::Duration;

use egret_shared::level::Level;
use egret_shared::text::Text;
use egret_shared::time::{Span, TimeMs};
use proptest::prelude::*;
use rusqlite::Connection;
use tempfile::TempDir;

use super::{Begun, Ending, Sending, Store};
use crate::config::NotifyConfig;
use crate::limits::{GIVE_UP_TRIES, KEYS_MAX, WAITING_MAX};
use crate::notice::{Notice, NoticeKind};
use crate::send::{Content, Failure, Outcome};
use crate::settings::Settings;
use crate::status::{DeliveryState, Filter};

const START: TimeMs = TimeMs(1_782_079_500_000);
const DAY: i64 = 86_400_000;

/// A group and a mail server with two recipients; both merge early.
const CONFIG: &str = r#"
    [[channel]]
    id = "group"
    kind = "wecom"
    url = "http://127.0.0.1:9/"
    merge_over = 3
    [[channel]]
    id = "mail"
    kind = "smtp"
    host = "127.0.0.1"
    tls = "none"
    from = "egret@city.example"
    merge_over = 2
    [[route]]
    to = [
      { channel = "group" },
      { channel = "mail", recipients = ["a@city.example", "b@city.example"] },
    ]
"#;

const RECIPIENTS: [&str; 3] = ["", "a@city.example", "b@city.example"];

fn settings() -> Settings {
    let config: NotifyConfig = toml::from_str(CONFIG).unwrap();
    Settings::new(&config, chrono_tz::Asia::Shanghai).unwrap()
}

fn notice(seq: u64, level: Level) -> Notice {
    Notice {
        key: format!("{seq}/opened"),
        seq,
        at: START,
        kind: NoticeKind::Opened,
        level,
        class: String::new(),
        areas: Vec::new(),
        lead: None,
        support: Vec::new(),
        persons: Vec::new(),
        title: Text::new("积水", "Ponding"),
        text: Text::new("深", "deep"),
        incident: None,
        link: "/desk".to_owned(),
    }
}

/// Every fourth is red.
fn usual(seq: u64) -> Notice {
    let is_red = seq.is_multiple_of(4);
    notice(seq, if is_red { Level::Red } else { Level::Yellow })
}

/// What becomes of a try, in the world.
#[derive(Clone, Copy, Debug)]
enum Fate {
    Sent,
    NotTaken,
    /// Nobody knows, and whether it has arrived.
    Unknown(bool),
    /// The process ends in the middle, and whether it has arrived.
    Crash(bool),
}

#[derive(Clone, Copy, Debug)]
enum Step {
    /// So many new notices.
    Happen(u64),
    Try(usize, Fate),
    /// The journal is followed again from the beginning.
    Again,
    Reopen,
    /// The clock is set by so much.
    Set(i64),
}

fn fate() -> impl Strategy<Value = Fate> {
    prop_oneof![
        3 => Just(Fate::Sent),
        2 => Just(Fate::NotTaken),
        2 => any::<bool>().prop_map(Fate::Unknown),
        2 => any::<bool>().prop_map(Fate::Crash),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => (1_u64..6).prop_map(Step::Happen),
        8 => (0_usize..2, fate()).prop_map(|(channel, fate)| Step::Try(channel, fate)),
        1 => Just(Step::Again),
        1 => Just(Step::Reopen),
        1 => (-DAY..DAY).prop_map(Step::Set),
    ]
}

/// The store, and the receivers' own logs.
struct Model {
    folder: TempDir,
    store: Store,
    settings: Settings,
    now: TimeMs,
    n_happened: u64,
    /// By recipient and key: for each arrival, whether it was marked.
    arrived: BTreeMap<(String, String), Vec<bool>>,
    /// What was in the letter of this id.
    letters: HashMap<String, BTreeSet<String>>,
}

impl Model {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self {
            store: Store::open(folder.path()).unwrap(),
            folder,
            settings: settings(),
            now: START,
            n_happened: 0,
            arrived: BTreeMap::new(),
            letters: HashMap::new(),
        }
    }

    fn step(&mut self, step: Step) {
        match step {
            Step::Happen(n) => {
                let first = self.n_happened + 1;
                self.n_happened += n;
                self.take(first);
            }
            Step::Again => self.take(1),
            Step::Try(channel, fate) => {
                self.try_one(channel, fate);
            }
            Step::Reopen => self.reopen(),
            Step::Set(ms) => self.now = self.now.plus(Span(ms)),
        }
    }

    fn take(&mut self, first: u64) {
        // Within what is not too long ago, whatever the clock says.
        let now = self.now;
        let recent = |seq| Notice {
            at: now,
            ..usual(seq)
        };
        let notices: Vec<Notice> = (first..=self.n_happened).map(recent).collect();
        self.store.take(&self.settings, &notices, self.now).unwrap();
    }

    fn reopen(&mut self) {
        self.store = Store::open(self.folder.path()).unwrap();
    }

    /// Whether there was anything to try.
    fn try_one(&mut self, channel: usize, fate: Fate) -> bool {
        let channel = self.settings.channels[channel].clone();
        let begun = self.store.begin_next(&self.settings, &channel, self.now);
        let Begun::Letter(sending) = begun.unwrap() else {
            return false;
        };
        let (outcome, has_arrived) = match fate {
            Fate::Sent => (Some(Outcome::Sent), true),
            Fate::NotTaken => (Some(Outcome::NotTaken(Failure::channel("no"))), false),
            Fate::Unknown(arrived) => (Some(Outcome::Unknown(Failure::channel("?"))), arrived),
            Fate::Crash(arrived) => (None, arrived),
        };
        self.receive(&sending, has_arrived);
        match outcome {
            Some(outcome) => {
                let ending = Ending {
                    id: sending.id,
                    channel: &channel.id,
                    outcome: &outcome,
                    wait: Duration::ZERO,
                    n_failed: 1,
                    give_up_after: self.settings.give_up_after,
                    now: self.now,
                };
                self.store.end(&ending).unwrap();
            }
            None => self.reopen(),
        }
        true
    }

    fn receive(&mut self, sending: &Sending, has_arrived: bool) {
        let letter = &sending.letter;
        let keys: BTreeSet<String> = match &letter.content {
            Content::Notice(notice) => [notice.key.clone()].into(),
            Content::Digest(digest) => {
                let keys: BTreeSet<String> =
                    digest.listed.iter().map(|line| line.key.clone()).collect();
                assert_eq!(digest.count, keys.len() as u64);
                assert!(digest.listed.iter().all(|line| line.level != Level::Red));
                keys
            }
        };
        let known = self
            .letters
            .entry(letter.id.clone())
            .or_insert_with(|| keys.clone());
        assert_eq!(*known, keys, "a letter's id stands for its content");
        for key in keys {
            if has_arrived {
                let arrivals = self.arrived.entry((letter.recipient.clone(), key));
                arrivals.or_default().push(letter.maybe_repeated);
            }
        }
    }

    /// Everything goes out, and everybody has everything, marked where it came again.
    fn check(&mut self) {
        // What may have arrived often waits for up to a day.
        for _ in 0..2 {
            for channel in 0..2 {
                while self.try_one(channel, Fate::Sent) {}
            }
            self.now = self.now.plus(Span(DAY));
        }
        for seq in 1..=self.n_happened {
            for recipient in RECIPIENTS {
                let identity = (recipient.to_owned(), usual(seq).key);
                let arrivals = self.arrived.get(&identity);
                let arrivals = arrivals.unwrap_or_else(|| panic!("{identity:?} is missing"));
                let again = arrivals.iter().skip(1);
                assert!(
                    again.clone().all(|marked| *marked),
                    "{identity:?}: {arrivals:?}"
                );
            }
        }
        let n_expected = usize::try_from(self.n_happened).unwrap() * RECIPIENTS.len();
        assert_eq!(self.arrived.len(), n_expected);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn whatever_happens_everybody_has_everything_once_or_marked(
        steps in prop::collection::vec(step(), 1..60)
    ) {
        let mut model = Model::new();
        for step in steps {
            model.step(step);
        }
        model.check();
    }
}

fn fail_once(store: &mut Store, settings: &Settings, n_failed: u32, now: TimeMs) -> Vec<u64> {
    let channel = settings.channels[0].clone();
    let Begun::Letter(sending) = store.begin_next(settings, &channel, now).unwrap() else {
        panic!("something waits");
    };
    let ending = Ending {
        id: sending.id,
        channel: &channel.id,
        outcome: &Outcome::NotTaken(Failure::channel("nobody there")),
        wait: Duration::ZERO,
        n_failed,
        give_up_after: settings.give_up_after,
        now,
    };
    store.end(&ending).unwrap();
    let status = store.status(settings, now).unwrap();
    vec![status.channels[0].waiting, status.channels[0].failed]
}

#[test]
fn what_cannot_be_delivered_for_days_fails_after_many_tries_and_visibly() {
    let (folder, settings) = (tempfile::tempdir().unwrap(), settings());
    let mut store = Store::open(folder.path()).unwrap();
    let old = [notice(1, Level::Red), notice(2, Level::Red)];
    store.take(&settings, &old, START).unwrap();
    let later = START.plus(Span(4 * DAY));
    let new = Notice {
        at: later,
        ..notice(3, Level::Red)
    };
    store.take(&settings, &[new], later).unwrap();
    assert_eq!(
        fail_once(&mut store, &settings, GIVE_UP_TRIES - 1, later),
        [3, 0]
    );
    assert_eq!(
        fail_once(&mut store, &settings, GIVE_UP_TRIES, later),
        [1, 2]
    );
    let filter = Filter {
        channel: Some("group".to_owned()),
        state: Some(DeliveryState::Failed),
        ..Filter::default()
    };
    let failed = store.recent(&filter, 10).unwrap();
    let why = failed[0].error.as_ref().unwrap();
    assert_eq!(why, "given up after 3d: nobody there");
}

#[test]
fn what_waits_is_bounded_and_the_oldest_fail_visibly() {
    let (folder, settings) = (tempfile::tempdir().unwrap(), settings());
    let mut store = Store::open(folder.path()).unwrap();
    let rows = "INSERT INTO delivery
        (notice, channel, recipient, mentions, language, place, urgent, state, created_at, due_at)
        SELECT -i, 'group', '', '[]', '\"zh\"', i, 1, 'waiting', 0, 0 FROM
        (WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ROWS) SELECT i FROM n)";
    let connection = Connection::open(folder.path().join("notify.db")).unwrap();
    connection
        .execute(&rows.replace("ROWS", &WAITING_MAX.to_string()), [])
        .unwrap();
    store
        .take(&settings, &[notice(1, Level::Red)], START)
        .unwrap();
    let status = store.status(&settings, START).unwrap();
    let [group, mail] = &status.channels[..] else {
        panic!("{status:?}");
    };
    assert_eq!(group.waiting + mail.waiting, WAITING_MAX as u64);
    assert_eq!((group.failed, mail.failed), (3, 0));
}

#[test]
fn keys_are_forgotten_by_whole_entries_and_what_comes_from_before_is_known_all_the_same() {
    let (folder, settings) = (tempfile::tempdir().unwrap(), settings());
    let mut store = Store::open(folder.path()).unwrap();
    let rows = "INSERT INTO notice (key, seq) SELECT i || '/opened', i / 2 FROM
        (WITH RECURSIVE n(i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM n WHERE i < ROWS) SELECT i FROM n)";
    let connection = Connection::open(folder.path().join("notify.db")).unwrap();
    connection
        .execute(&rows.replace("ROWS", &(KEYS_MAX + 1_001).to_string()), [])
        .unwrap();
    store.tidy_if_due(START).unwrap();
    let count = "SELECT COUNT(*), MIN(seq), COUNT(DISTINCT seq) FROM notice";
    let (n, first, n_entries): (usize, u64, usize) = connection
        .query_row(count, [], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
        .unwrap();
    assert_eq!((n, first), (KEYS_MAX, 501));
    assert_eq!(n_entries * 2, n);
    let taken = store
        .take(&settings, &[notice(500, Level::Red)], START)
        .unwrap();
    assert_eq!((taken.new, taken.known), (0, 1));
}

/// Tries the next delivery of the group; the journal's place of what it tells.
fn try_next(store: &mut Store, settings: &Settings, outcome: &Outcome, now: TimeMs) -> Option<u64> {
    let channel = settings.channels[0].clone();
    let Begun::Letter(sending) = store.begin_next(settings, &channel, now).unwrap() else {
        return None;
    };
    let ending = Ending {
        id: sending.id,
        channel: &channel.id,
        outcome,
        wait: Duration::ZERO,
        n_failed: 1,
        give_up_after: settings.give_up_after,
        now,
    };
    store.end(&ending).unwrap();
    match &sending.letter.content {
        Content::Notice(notice) => Some(notice.seq),
        Content::Digest(_) => panic!("red is not merged"),
    }
}

#[test]
fn what_may_have_arrived_three_times_is_tried_seldom_and_lets_others_pass() {
    let (folder, settings) = (tempfile::tempdir().unwrap(), settings());
    let mut store = Store::open(folder.path()).unwrap();
    let both = [notice(1, Level::Red), notice(2, Level::Red)];
    store.take(&settings, &both, START).unwrap();
    let unknown = Outcome::Unknown(Failure::channel("no answer"));
    let mut tried =
        |outcome: &Outcome, ms: i64| try_next(&mut store, &settings, outcome, START.plus(Span(ms)));
    for _ in 0..3 {
        assert_eq!(tried(&unknown, 0), Some(1));
    }
    assert_eq!(tried(&Outcome::Sent, 0), Some(2));
    assert_eq!(tried(&Outcome::Sent, 3_599_999), None);
    assert_eq!(tried(&unknown, 3_600_000), Some(1));
    assert_eq!(tried(&unknown, 3 * 3_600_000 - 1), None);
    assert_eq!(tried(&Outcome::Sent, 3 * 3_600_000), Some(1));
}

#[test]
fn recipients_come_in_turn_so_that_one_of_them_cannot_stop_a_channel() {
    let (folder, settings) = (tempfile::tempdir().unwrap(), settings());
    let mut store = Store::open(folder.path()).unwrap();
    store
        .take(&settings, &[notice(1, Level::Red)], START)
        .unwrap();
    let mail = settings.channels[1].clone();
    let mut next = |ms: i64| {
        let now = START.plus(Span(ms));
        let Begun::Letter(sending) = store.begin_next(&settings, &mail, now).unwrap() else {
            panic!("both wait");
        };
        let outcome = Outcome::NotTaken(Failure::channel("it hangs up"));
        let ending = Ending {
            id: sending.id,
            channel: &mail.id,
            outcome: &outcome,
            wait: Duration::ZERO,
            n_failed: 1,
            give_up_after: settings.give_up_after,
            now,
        };
        store.end(&ending).unwrap();
        sending.letter.recipient.clone()
    };
    let order = [1, 2, 3, 4].map(&mut next);
    assert_eq!(
        order,
        ["a", "b", "a", "b"].map(|name| format!("{name}@city.example"))
    );
}
