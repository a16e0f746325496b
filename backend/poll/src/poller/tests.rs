//! Under a stopped clock, with a server and an intake as each test wants them.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use futures_util::future::BoxFuture;
use tokio_util::task::TaskTracker;

use super::*;
use crate::keep::{Kept, NotKept, Stands};

/// A server and an intake as a test wants them, and what they have seen.
#[derive(Default)]
struct Stage {
    /// What is answered at each URL, one after another; the last again and again.
    answers: Mutex<BTreeMap<String, VecDeque<Result<Answer, Failure>>>>,
    /// What was asked: when, where, by which tag.
    asked: Mutex<Vec<(u64, String, Option<String>)>>,
    /// What was kept.
    kept: Mutex<Vec<String>>,
    /// So many bodies cannot be kept.
    n_lost: Mutex<usize>,
    /// How long an answer takes.
    slow: Mutex<Duration>,
    under_way: Mutex<usize>,
    /// The alerts that stand until a time, by their text.
    until: Mutex<BTreeMap<String, TimeMs>>,
    began: Mutex<Option<Instant>>,
}

fn lock<T>(of: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Stage {
    fn seconds(&self) -> u64 {
        let began = *lock(&self.began).get_or_insert_with(Instant::now);
        began.elapsed().as_secs()
    }

    fn now(&self) -> TimeMs {
        TimeMs(i64::try_from(self.seconds()).unwrap() * 1_000)
    }

    fn answer(&self, url: &str, answers: Vec<Result<Answer, Failure>>) {
        lock(&self.answers).insert(url.to_owned(), answers.into());
    }

    fn asked(&self, url: &str) -> Vec<(u64, Option<String>)> {
        let asked = lock(&self.asked);
        let here = asked.iter().filter(|(_, at, _)| at == url);
        here.map(|(when, _, tag)| (*when, tag.clone())).collect()
    }

    fn kept(&self) -> Vec<String> {
        lock(&self.kept).clone()
    }
}

impl Fetch for Stage {
    fn fetch<'a>(&'a self, ask: Ask<'a>) -> BoxFuture<'a, Result<Answer, Failure>> {
        let tag = ask.known.and_then(|known| known.etag.clone());
        let tag = tag.map(|tag| String::from_utf8(tag).unwrap());
        let url = ask.url.to_string();
        lock(&self.asked).push((self.seconds(), url.clone(), tag));
        Box::pin(async move {
            *lock(&self.under_way) += 1;
            assert_eq!(*lock(&self.under_way), 1, "fetches of one feed overlap");
            let slow = *lock(&self.slow);
            tokio::time::sleep(slow).await;
            *lock(&self.under_way) -= 1;
            let mut answers = lock(&self.answers);
            let answers = answers.get_mut(&url).expect("a URL of the test");
            match answers.len() {
                1 => answers[0].clone(),
                _ => answers.pop_front().unwrap(),
            }
        })
    }
}

impl Keep for Stage {
    fn keep<'a>(&'a self, body: Body<'a>) -> BoxFuture<'a, Result<Kept, NotKept>> {
        let text = String::from_utf8(body.payload.to_vec()).unwrap();
        Box::pin(async move {
            let mut n_lost = lock(&self.n_lost);
            if *n_lost > 0 {
                *n_lost -= 1;
                return Err(NotKept);
            }
            let until = lock(&self.until).get(&text).copied();
            let is_over = until.is_some_and(|until| until.0 <= self.now().0);
            lock(&self.kept).push(if is_over {
                format!("{text} is over")
            } else {
                text.clone()
            });
            let stands = until.filter(|_| !is_over).map(|until| Stands {
                id: text,
                instead_of: Vec::new(),
                until: Some(until),
            });
            Ok(Kept { stands })
        })
    }

    fn refuse<'a>(&'a self, body: TooLarge<'a>) -> BoxFuture<'a, Result<(), NotKept>> {
        lock(&self.kept).push(format!("refused: {}", body.why));
        Box::pin(async { Ok(()) })
    }
}

const URL: &str = "https://feeds.example/v";

#[expect(
    clippy::unnecessary_wraps,
    reason = "it stands in one list with failures"
)]
fn new(text: &str, tag: &str) -> Result<Answer, Failure> {
    Ok(Answer::New {
        body: text.as_bytes().to_vec(),
        validators: Validators {
            etag: (!tag.is_empty()).then(|| tag.as_bytes().to_vec()),
            last_modified: None,
        },
        url: Url::parse(URL).unwrap(),
    })
}

fn failed(trouble: Trouble, wait: Option<u64>) -> Result<Answer, Failure> {
    Err(Failure {
        wait: wait.map(Duration::from_secs),
        ..Failure::new(trouble, "it is so")
    })
}

/// A list with these alerts, the newest first.
fn list(alerts: &[(&str, &str)]) -> String {
    let entry = |(name, stamp): &(&str, &str)| {
        format!("<entry><link href='/{name}'/><updated>{stamp}</updated></entry>")
    };
    let entries: Vec<String> = alerts.iter().map(entry).collect();
    format!("<feed>{}</feed>", entries.concat())
}

/// Lets a poller run on `stage` for so many seconds; how the feed goes then.
async fn run(stage: &Arc<Stage>, every: u64, if_changed: bool, seconds: u64) -> PollState {
    let target = Target {
        feed: FeedId::new("buses"),
        url: Url::parse(URL).unwrap(),
        every: Duration::from_secs(every),
        headers: BTreeMap::new(),
        query: BTreeMap::new(),
        accept: "*/*",
        lists_alerts: true,
        if_changed,
    };
    let board = Arc::new(Board::default());
    let clock = Arc::clone(stage);
    let now = move || clock.now();
    let tools = Tools::new(stage.clone(), stage.clone(), board.clone(), Arc::new(now));
    let shutdown = CancellationToken::new();
    let tracker = TaskTracker::new();
    tracker.spawn(Poller::new(target, tools).run(shutdown.clone()));
    tracker.close();
    tokio::time::sleep(Duration::from_secs(seconds)).await;
    shutdown.cancel();
    tracker.wait().await;
    board.all().remove(&FeedId::new("buses")).unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_feed_is_fetched_at_its_interval_and_asked_for_by_what_is_known() {
    let stage = Arc::new(Stage::default());
    stage.answer(
        URL,
        vec![
            new("a", "1"),
            Ok(Answer::Unchanged),
            new("b", "2"),
            Ok(Answer::Unchanged),
        ],
    );
    let state = run(&stage, 100, true, 1_000).await;
    let asked = stage.asked(URL);
    assert!((9..=11).contains(&asked.len()), "{asked:?}");
    let tags: Vec<Option<&str>> = asked
        .iter()
        .map(|(_, tag)| tag.as_deref())
        .take(5)
        .collect();
    assert_eq!(tags, [None, Some("1"), Some("1"), Some("2"), Some("2")]);
    for pair in asked.windows(2) {
        let pause = pair[1].0 - pair[0].0;
        assert!((94..=106).contains(&pause), "{asked:?}");
    }
    assert_eq!(stage.kept(), ["a", "b"]);
    let n_asked = asked.len() as u64;
    assert_eq!(state.counts, [2, n_asked - 2, 0, 0, 0, 0]);
    assert_eq!((state.error, state.failures), (None, 0));
    assert!(state.next_at > state.fetched_at);
}

#[tokio::test(start_paused = true)]
async fn what_could_not_be_kept_is_fetched_again_without_a_tag() {
    let stage = Arc::new(Stage::default());
    stage.answer(URL, vec![new("a", "1")]);
    *lock(&stage.n_lost) = 2;
    let state = run(&stage, 60, true, 60).await;
    let asked = stage.asked(URL);
    let tags: Vec<Option<&str>> = asked.iter().map(|(_, tag)| tag.as_deref()).collect();
    assert_eq!(tags[..3], [None, None, None]);
    assert_eq!(stage.kept()[0], "a");
    assert_eq!(state.counts[5], 2);
    assert_eq!(state.error, None);
}

#[tokio::test(start_paused = true)]
async fn what_is_news_every_time_is_asked_for_without_a_tag() {
    let stage = Arc::new(Stage::default());
    stage.answer(URL, vec![new("a", "1")]);
    run(&stage, 10, false, 60).await;
    let asked = stage.asked(URL);
    assert!(
        asked.len() >= 5 && asked.iter().all(|(_, tag)| tag.is_none()),
        "{asked:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn after_failures_it_is_asked_for_ever_more_rarely_until_it_is_back() {
    let stage = Arc::new(Stage::default());
    let down = || failed(Trouble::Status(500), None);
    stage.answer(
        URL,
        vec![
            down(),
            down(),
            down(),
            failed(Trouble::Status(429), Some(900)),
            new("a", ""),
        ],
    );
    let state = run(&stage, 30, true, 1_600).await;
    let at: Vec<u64> = stage.asked(URL).iter().map(|(at, _)| *at).collect();
    let pauses: Vec<u64> = at.windows(2).map(|pair| pair[1] - pair[0]).collect();
    for (pause, least) in pauses.iter().zip([10, 20, 40, 900]) {
        assert!(
            *pause >= least && *pause <= least + least / 2 + 1,
            "{pauses:?}"
        );
    }
    assert!(
        pauses[4..].iter().all(|pause| (28..=32).contains(pause)),
        "{pauses:?}"
    );
    assert_eq!((state.counts[2], state.failures, state.error), (4, 0, None));
}

#[tokio::test(start_paused = true)]
async fn a_slow_server_is_never_asked_twice_at_once() {
    let stage = Arc::new(Stage::default());
    stage.answer(URL, vec![new("a", "")]);
    *lock(&stage.slow) = Duration::from_secs(19);
    run(&stage, 5, true, 200).await;
    // The stage fails the test if two are under way.
    let n_asked = stage.asked(URL).len();
    assert!((8..=11).contains(&n_asked), "{n_asked}");
}

#[tokio::test(start_paused = true)]
async fn what_is_too_large_is_refused_once_until_it_fits_again() {
    let stage = Arc::new(Stage::default());
    let large = || {
        failed(
            Trouble::TooLarge {
                head: b"a".to_vec(),
                bytes: 9,
            },
            None,
        )
    };
    stage.answer(
        URL,
        vec![
            large(),
            large(),
            new("a", "1"),
            large(),
            large(),
            Ok(Answer::Unchanged),
        ],
    );
    let state = run(&stage, 20, true, 400).await;
    assert_eq!(
        stage.kept(),
        ["refused: it is so", "a", "refused: it is so"]
    );
    assert_eq!(state.counts[4], 4);
}

#[tokio::test(start_paused = true)]
async fn each_alert_of_a_list_is_fetched_once_the_oldest_first() {
    let stage = Arc::new(Stage::default());
    let first = list(&[("b", "2026-06-22T07:00:00Z"), ("a", "2026-06-22T06:00:00Z")]);
    let then = list(&[("c", "2026-06-22T08:00:00Z"), ("b", "2026-06-22T07:30:00Z")]);
    stage.answer(
        URL,
        vec![
            new(&first, "1"),
            new(&first, "2"),
            new(&then, "3"),
            Ok(Answer::Unchanged),
        ],
    );
    for name in ["a", "b", "c"] {
        stage.answer(
            &format!("https://feeds.example/{name}"),
            vec![new(name, "x")],
        );
    }
    let state = run(&stage, 60, true, 600).await;
    assert_eq!(stage.kept(), ["a", "b", "b", "c"]);
    assert_eq!(state.error, None);
    let alone = stage.asked("https://feeds.example/a");
    assert_eq!((alone.len(), alone[0].1.clone()), (1, None));
}

#[tokio::test(start_paused = true)]
async fn a_list_is_known_only_once_all_its_alerts_are_kept() {
    let stage = Arc::new(Stage::default());
    let both = list(&[("b", ""), ("a", "")]);
    stage.answer(URL, vec![new(&both, "1")]);
    stage.answer("https://feeds.example/a", vec![new("a", "")]);
    let down = failed(Trouble::Status(500), None);
    stage.answer("https://feeds.example/b", vec![down, new("b", "")]);
    run(&stage, 60, true, 100).await;
    let tags: Vec<_> = stage.asked(URL).into_iter().map(|(_, tag)| tag).collect();
    assert_eq!(tags[..3], [None, None, Some("1".to_owned())]);
    assert_eq!(stage.kept(), ["a", "b"]);
}

#[tokio::test(start_paused = true)]
async fn an_alert_that_can_never_be_had_is_told_and_does_not_hold_up_the_others() {
    let stage = Arc::new(Stage::default());
    let three = list(&[("c", ""), ("b", ""), ("a", "")]);
    stage.answer(URL, vec![new(&three, "1"), Ok(Answer::Unchanged)]);
    stage.answer(
        "https://feeds.example/a",
        vec![failed(Trouble::Forbidden, None)],
    );
    stage.answer(
        "https://feeds.example/b",
        vec![failed(Trouble::Status(404), None)],
    );
    stage.answer("https://feeds.example/c", vec![new("c", "")]);
    let state = run(&stage, 60, true, 300).await;
    assert_eq!(stage.kept(), ["c"]);
    assert_eq!(stage.asked("https://feeds.example/a").len(), 1);
    let error = state.error.unwrap();
    assert_eq!(error, "alert https://feeds.example/a: it is so, and 1 more");
    assert_eq!(state.failures, 0);
}

#[tokio::test(start_paused = true)]
async fn a_long_list_comes_in_several_goes() {
    let stage = Arc::new(Stage::default());
    let names: Vec<String> = (0..250).map(|n| format!("n{n}")).collect();
    let entries: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), "")).collect();
    stage.answer(URL, vec![new(&list(&entries), "1")]);
    for name in &names {
        stage.answer(
            &format!("https://feeds.example/{name}"),
            vec![new(name, "")],
        );
    }
    run(&stage, 3_600, true, 60).await;
    assert_eq!(stage.kept().len(), 250);
    assert_eq!(stage.asked(URL).len(), 3);
}

#[tokio::test(start_paused = true)]
async fn an_alert_is_read_once_more_when_its_time_is_over() {
    let stage = Arc::new(Stage::default());
    lock(&stage.until).insert("a".to_owned(), TimeMs(1_000_000));
    stage.answer(URL, vec![new("a", "1"), Ok(Answer::Unchanged)]);
    stage.seconds();
    run(&stage, 3_600, true, 999).await;
    assert_eq!(stage.kept(), ["a"]);
    let stage = Arc::new(Stage::default());
    lock(&stage.until).insert("a".to_owned(), TimeMs(1_000_000));
    stage.answer(URL, vec![new("a", "1"), Ok(Answer::Unchanged)]);
    stage.seconds();
    run(&stage, 3_600, true, 1_100).await;
    assert_eq!(stage.kept(), ["a", "a is over"]);
    assert_eq!(stage.asked(URL).len(), 1);
}
