//! What is fetched: a poller for each feed that says where from, and the way of what it fetches into
//! the journal.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use egret_package::Package;
use egret_poll::{
    Board, Body, Fetch, HttpFetch, Keep, Kept, NotKept, PollConfig, Poller, Settings, Stands,
    Target, TooLarge, Tools,
};
use egret_shared::id::FeedId;
use egret_shared::package::feed::{FeedDef, Format, MapDef};
use egret_shared::rejection::{Reason, Rejection, Stage};
use futures_util::future::BoxFuture;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use url::Url;

use crate::clock;
use crate::intake::{Gathering, Intake, Origin, Way};
use crate::live::Live;

/// The pollers of the package in force.
pub(crate) struct Polls {
    tools: Tools,
    tracker: TaskTracker,
    shutdown: CancellationToken,
    running: BTreeMap<FeedId, Running>,
}

/// A poller, and the definition that it goes by.
struct Running {
    def: FeedDef,
    stop: CancellationToken,
    ended: JoinHandle<()>,
}

impl Polls {
    /// Fetches every feed of `package` that says where from, until `shutdown`.
    pub(crate) fn start(
        fetch: Arc<dyn Fetch>,
        package: &Package,
        (intake, board): (&Live<Intake>, &Arc<Board>),
        tracker: &TaskTracker,
        shutdown: &CancellationToken,
    ) -> Self {
        let keep = Keeper(intake.clone());
        let tools = Tools::new(
            fetch,
            Arc::new(keep),
            Arc::clone(board),
            Arc::new(clock::now),
        );
        let mut polls = Self {
            tools,
            tracker: tracker.clone(),
            shutdown: shutdown.clone(),
            running: BTreeMap::new(),
        };
        polls.begin(package);
        polls
    }

    /// Goes on by another package. A feed that is defined as before goes on as it was; of one that is
    /// defined otherwise nothing is known, for what was fetched means something else now.
    pub(crate) async fn renew(&mut self, package: &Package) {
        let is_as_before = |feed: &FeedId, running: &Running| {
            package.feed(feed).is_some_and(|def| *def == running.def)
        };
        let (as_before, others) = std::mem::take(&mut self.running)
            .into_iter()
            .partition(|(feed, running)| is_as_before(feed, running));
        self.running = as_before;
        let others: BTreeMap<FeedId, Running> = others;
        for running in others.into_values() {
            running.stop.cancel();
            // One that panicked is over, too.
            drop(running.ended.await);
        }
        let is_polled = |feed: &FeedId| package.feed(feed).is_some_and(|def| def.poll.is_some());
        self.tools.board().retain(is_polled);
        self.begin(package);
    }

    /// Begins to fetch those feeds that are not fetched yet.
    fn begin(&mut self, package: &Package) {
        for def in &package.feeds {
            if self.running.contains_key(&def.id) {
                continue;
            }
            let Some(target) = target(def) else {
                continue;
            };
            let stop = self.shutdown.child_token();
            let poller = Poller::new(target, self.tools.clone());
            let ended = self.tracker.spawn(poller.run(stop.clone()));
            let running = Running {
                def: def.clone(),
                stop,
                ended,
            };
            self.running.insert(def.id.clone(), running);
        }
    }
}

/// What fetches, from where the settings let it and from nowhere else.
///
/// # Errors
/// The settings cannot be used.
pub(crate) fn fetcher(config: &PollConfig) -> anyhow::Result<Arc<dyn Fetch>> {
    let settings = Settings::new(config, |name| std::env::var(name).ok());
    let settings = Arc::new(settings.context("[poll] of the settings")?);
    let fetch = HttpFetch::new(settings, clock::now).context("[poll] of the settings")?;
    Ok(Arc::new(fetch))
}

/// What is fetched of a feed; `None` if nothing is.
fn target(def: &FeedDef) -> Option<Target> {
    let poll = def.poll.as_ref()?;
    Some(Target {
        feed: def.id.clone(),
        // The package was checked.
        url: Url::parse(&poll.url).ok()?,
        every: Duration::from_millis(u64::try_from(poll.every.ms()).ok()?),
        headers: poll.headers.clone(),
        query: poll.query.clone(),
        accept: accepted(def.format),
        lists_alerts: def.format == Format::Cap,
        if_changed: !is_timeless(def),
    })
}

/// Whether arrival stands in for the time of what a feed measures: what has not changed is measured
/// anew all the same.
fn is_timeless(def: &FeedDef) -> bool {
    let has_time = |map: &MapDef| map.at.is_some();
    def.format == Format::MappedJson && !def.map.as_ref().is_some_and(has_time)
}

/// The content types that a feed's format has, the one that it reads best first.
pub(crate) fn accepted(format: Format) -> &'static str {
    match format {
        Format::Cap => {
            "application/cap+xml, application/atom+xml;q=0.9, application/rss+xml;q=0.9, \
             application/xml;q=0.8, text/xml;q=0.8, */*;q=0.1"
        }
        Format::GtfsRt => "application/x-protobuf, application/octet-stream;q=0.9, */*;q=0.1",
        Format::NgsiLd => "application/ld+json, application/json;q=0.9, */*;q=0.1",
        Format::Senml => "application/senml+json, application/json;q=0.9, */*;q=0.1",
        Format::Cloudevents => {
            "application/cloudevents-batch+json, application/cloudevents+json;q=0.9, \
             application/json;q=0.8, */*;q=0.1"
        }
        _ => "application/json, */*;q=0.1",
    }
}

/// Whether what stands for the topic of a message is where it was fetched from.
pub(crate) fn is_place(topic: &str) -> bool {
    topic.starts_with("http://") || topic.starts_with("https://")
}

/// Takes in what is fetched, by the package in force.
struct Keeper(Live<Intake>);

impl Keeper {
    /// Reads a body; `None` if its feed is gone.
    fn read(intake: &Intake, body: Body<'_>) -> Option<(Gathering, Kept)> {
        let feed = intake.feed(body.feed.as_str())?;
        let def = intake.def(feed)?;
        let mut gathering = Gathering::begin();
        let origin = origin(body, body.payload.len());
        let refusals = intake.read(&mut gathering, feed, origin, body.payload);
        let is_alert = def.format == Format::Cap && refusals.is_empty();
        let stands = is_alert.then(|| stands(body.payload)).flatten();
        Some((gathering, Kept { stands }))
    }
}

fn origin(body: Body<'_>, payload_bytes: usize) -> Origin<'_> {
    Origin {
        sender: body.host,
        topic: body.url,
        payload_bytes,
        received_at: clock::now(),
        way: Way::Own,
        beside: None,
        named: None,
    }
}

/// How long an alert stands, if its time is not over already.
fn stands(payload: &[u8]) -> Option<Stands> {
    let standing = egret_decode::standing(payload)?;
    let now = clock::now();
    Some(Stands {
        id: standing.id,
        instead_of: standing.instead_of,
        until: standing.until.filter(|until| *until > now),
    })
}

/// Returns once a batch is durable.
async fn durable(intake: &Intake, gathering: Gathering) -> Result<(), NotKept> {
    if gathering.is_empty() {
        // Some messages say nothing to keep.
        return Ok(());
    }
    let receipt = intake.submit(gathering).await;
    let receipt = receipt.map_err(|_closed| NotKept)?;
    receipt.await.map(|_seq| ()).map_err(|_dropped| NotKept)
}

impl Keep for Keeper {
    fn keep<'a>(&'a self, body: Body<'a>) -> BoxFuture<'a, Result<Kept, NotKept>> {
        let intake = self.0.get();
        Box::pin(async move {
            let Some((gathering, kept)) = Self::read(&intake, body) else {
                return Err(NotKept);
            };
            durable(&intake, gathering).await?;
            Ok(kept)
        })
    }

    fn refuse<'a>(&'a self, too_large: TooLarge<'a>) -> BoxFuture<'a, Result<(), NotKept>> {
        let intake = self.0.get();
        Box::pin(async move {
            let TooLarge { body, bytes, why } = too_large;
            let def = intake.feed(body.feed.as_str());
            let def = def.and_then(|feed| intake.def(feed));
            let rejection = Rejection::new(Stage::Source, Reason::TooLarge, why.to_owned());
            let mut gathering = Gathering::begin();
            let origin = origin(body, bytes);
            intake.refuse(&mut gathering, def, origin, body.payload, &rejection);
            durable(&intake, gathering).await
        })
    }
}
