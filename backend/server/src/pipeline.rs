//! The wiring: sources → intake → journal → fold → publish, and how all of it starts and stops.
//! The only module that knows every stage.

mod downlink;
mod mqtt;
mod people;
mod renewal;

use std::net::SocketAddr;
use std::path::Path;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use anyhow::Context as _;
use egret_city::entry::Entry;
use egret_city::{City, Lineage};
use egret_listen::Tls;
use egret_mqtt::Handle;
use egret_mqtt::taker::Taker;
use egret_notify::{Outbox, Settings};
use egret_people::People;
use egret_poll::Fetch;
use egret_shared::access::{Grant, Role};
use egret_shared::id::FeedId;
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::added::{Added, Kept, Whole};
use crate::api::{self, Context, Sampler, TileReads};
use crate::auth::gate::View;
use crate::auth::labels::Labels;
use crate::auth::refusals::Refusals;
use crate::auth::sso::Sso;
use crate::auth::{Access, refuse_open_address};
use crate::city_files::CityFiles;
use crate::clock;
use crate::config::Config;
use crate::downlink::{Wake, trail};
use crate::folding::{CityHandle, Folding};
use crate::forecast::Forecasts;
use crate::intake::{Intake, Lanes};
use crate::journal::eraser::Eraser;
use crate::journal::pending::Pending;
use crate::journal::sqlite::{SqliteJournal, database};
use crate::journal::writer::{StoreJob, Writer};
use crate::limits::{FOLD_QUEUE, STORE_QUEUE, TLS_EVERY};
use crate::live::Live;
use crate::notify;
use crate::notify::outbox::Teller;
use crate::recover::recover;
use crate::register::{Register, Registrar};
use crate::seal::Seal;
use crate::source::brokers::BrokerBook;
use crate::source::polls::{self, Polls};
use crate::source::{self, Brokers};
use crate::store::files::Files;
use crate::store::sqlite::SqliteStore;
use crate::telemetry::Telemetry;
use crate::walls::Walls;
use mqtt::{MqttAddresses, serve_mqtt};
use renewal::{Ends, LiveTaker, Renewal};

/// How often time passes in the journal.
const TICK_EVERY: Duration = Duration::from_secs(1);

/// A server at work.
pub(crate) struct Running {
    /// Where HTTP and WebSocket are.
    pub http: SocketAddr,
    /// Where the embedded MQTT endpoint is.
    pub mqtt: MqttAddresses,
    /// Ends the server.
    pub shutdown: CancellationToken,
    /// The city package.
    pub package: Arc<egret_package::Package>,
    /// The code that makes the first admin, while there is no account.
    pub first_code: Option<String>,
    /// Whether HTTP is spoken under TLS.
    pub is_secure: bool,
    tracker: TaskTracker,
    threads: Vec<std::thread::JoinHandle<anyhow::Result<()>>>,
    endpoint: Arc<OnceLock<Handle>>,
}

/// Starts a server; it serves once this returns.
///
/// # Errors
/// Whatever keeps it from starting, in words for whoever started it.
#[expect(
    clippy::too_many_lines,
    reason = "what a server is made of, in the order in which it comes to be"
)]
pub(crate) async fn start(config: &Config) -> anyhow::Result<Running> {
    refuse_addresses(config)?;
    let (base, whole) = whole(config)?;
    let (files, package) = (whole.files, Arc::new(whole.package));
    let mut journal = journal(config, &package)?;
    let seal = Seal::open(&config.data)?;
    let city = recover(&mut journal, &package)?;
    let people = people::open(&config.data)?;

    let telemetry = Telemetry::new();
    let (shutdown, tracker) = (CancellationToken::new(), TaskTracker::new());
    let (lanes, live, stored) = Lanes::new();
    let store = SqliteStore::new(database(&config.data)).opening(seal.clone());
    let intake = Intake::new(Arc::clone(&package), seal, lanes, config.keep.archives());
    let generation = u64::try_from(clock::now().0).unwrap_or(0);
    let queues = (live, stored);
    let (threads, city, jobs) =
        spawn_threads(journal, city, queues, &telemetry, generation, &shutdown)?;
    let lineage = Arc::new(Lineage::new(&package));
    let first_code = people.first_code().filter(|_| !config.insecure_open);
    let (register, registrar) = Register::new(Arc::clone(&base), &whole.kept);
    let fetch = polls::fetcher(&config.poll)?;
    let renewing = Renewing {
        base,
        kept: whole.kept,
        registrar,
        store: jobs.clone(),
        fetch: Arc::clone(&fetch),
    };
    let context = Context {
        audit: people::attend(&people, &tracker, &shutdown),
        access: access(config.insecure_open, people, &package, &lineage),
        sso: sso(config)?,
        connections: Arc::default(),
        refusals: Arc::new(Refusals::default()),
        walls: Arc::new(Walls::new(generation, config.wall)),
        city,
        attachments: Files::of(&config.data),
        outbox: outbox(config, &package)?,
        eraser: Eraser::new(store.clone(), jobs),
        store: Arc::new(store),
        files: Arc::new(files.into_wgs84(&package)),
        package: Arc::clone(&package),
        lineage,
        forecasts: Arc::new(Forecasts::new()),
        intake,
        settling: Arc::default(),
        answers: api::Answers::default(),
        telemetry,
        brokers: BrokerBook::of(&config.brokers, clock::now()),
        register,
        polls: Arc::default(),
        sampler: Sampler::new(Arc::clone(&fetch)),
        tile_reads: TileReads::new(),
        orders: Wake::default(),
        tasks: tracker.clone(),
        endpoint: Arc::default(),
        shutdown: shutdown.child_token(),
        generation,
        is_past_whole: Arc::new(AtomicBool::new(true)),
    };
    let endpoint = Arc::clone(&context.endpoint);
    let (http, mqtt) = serve(config, context, renewing, &tracker, &shutdown).await?;
    tracker.close();
    Ok(Running {
        http,
        mqtt,
        shutdown,
        package,
        first_code,
        is_secure: config.tls.is_some(),
        tracker,
        threads,
        endpoint,
    })
}

/// The journal, which keeps what the settings say and lists the requests that are told by Open311.
fn journal(config: &Config, package: &egret_package::Package) -> anyhow::Result<SqliteJournal> {
    let journal = SqliteJournal::open(&config.data)?.keeping(config.keep, package.timezone);
    Ok(journal.listing(requests(package))?)
}

/// The feed whose reports are requests.
fn requests(package: &egret_package::Package) -> Option<FeedId> {
    let requests = package.feeds.iter().find(|feed| feed.open311);
    requests.map(|feed| feed.id.clone())
}

/// Refuses to be open to other machines.
fn refuse_addresses(config: &Config) -> anyhow::Result<()> {
    let mut addresses = vec![("--http", config.http)];
    addresses.extend(config.mqtt.map(|mqtt| ("--mqtt", mqtt)));
    let mqtts = config.mqtts.as_ref();
    addresses.extend(mqtts.map(|mqtts| ("--mqtts", mqtts.address)));
    refuse_open_address(config.insecure_open, &addresses)?;
    Ok(())
}

/// The city package's own files, and what they and the additions come to.
fn whole(config: &Config) -> anyhow::Result<(Arc<CityFiles>, Whole)> {
    let base = Arc::new(city_files(config.city.as_deref())?);
    let whole = base.with(Added::of(&config.data).load());
    Ok((base, whole.context("the city package has mistakes")?))
}

/// What it takes to put another package in force.
struct Renewing {
    base: Arc<CityFiles>,
    kept: Vec<Kept>,
    registrar: Registrar,
    store: mpsc::WeakSender<StoreJob>,
    fetch: Arc<dyn Fetch>,
}

/// Opens every way in and out; where HTTP and the embedded MQTT endpoint are.
async fn serve(
    config: &Config,
    context: Context,
    renewing: Renewing,
    tracker: &TaskTracker,
    shutdown: &CancellationToken,
) -> anyhow::Result<(SocketAddr, MqttAddresses)> {
    note_package(&context.intake, &context.city, context.package.digest).await?;
    trail::complete(&context.city, &context.access.people).await?;
    tracker.spawn(tick(context.intake.clone(), shutdown.clone()));
    let ends = Ends {
        router: Live::new(api::router(context.clone())),
        intake: Live::new(context.intake.clone()),
        view: Live::new(View::new(Arc::clone(&context.access))),
    };
    let tls = tls(config, tracker, shutdown)?;
    let taker: Arc<dyn Taker> = Arc::new(LiveTaker(ends.intake.clone()));
    let both = (&taker, tls.as_ref());
    let (endpoint, mqtt) = serve_mqtt(config, (&context, &ends), both, tracker, shutdown).await?;
    let http = serve_http(config, (&context, &ends), tls, tracker, shutdown).await?;
    followers(&context, endpoint.as_ref(), tracker);
    if let Some(endpoint) = &endpoint {
        let nodes = source::sparkplug::run(ends.intake.clone(), endpoint.clone(), shutdown.clone());
        tracker.spawn(nodes);
    }
    let downlink = downlink::start(&context, endpoint.as_ref(), tracker, shutdown);
    if let Some(outbox) = &context.outbox {
        for worker in outbox.workers() {
            tracker.spawn(worker.run(shutdown.clone()));
        }
    }
    let package = Arc::clone(&context.package);
    let brokers = Brokers::start(
        &config.brokers,
        &package,
        (taker, downlink),
        (&context.telemetry, &context.brokers),
        tracker,
        shutdown,
    )?;
    let Renewing {
        base,
        kept,
        registrar,
        store,
        fetch,
    } = renewing;
    let polls = Polls::start(
        fetch,
        &package,
        (&ends.intake, &context.polls),
        tracker,
        shutdown,
    );
    let renewal = Renewal {
        base,
        added: Added::of(&config.data),
        kept,
        data: config.data.clone(),
        context,
        ends,
        endpoint,
        brokers,
        polls,
        store,
        tracker: tracker.clone(),
        registrar,
        shutdown: shutdown.clone(),
    };
    tracker.spawn(renewal.run());
    Ok((http, mqtt))
}

/// What decides about everybody.
fn access(
    is_open: bool,
    people: People,
    package: &Arc<egret_package::Package>,
    lineage: &Lineage,
) -> Arc<Access> {
    let labels = Arc::new(Labels::new(package, lineage));
    Arc::new(Access::new(is_open, people, labels))
}

/// The city's single sign-on, if it has one.
fn sso(config: &Config) -> anyhow::Result<Option<Arc<Sso>>> {
    let sso = config.oidc.as_ref().map(Sso::new).transpose()?;
    Ok(sso.map(Arc::new))
}

/// Serves HTTP and WebSocket; where.
async fn serve_http(
    config: &Config,
    (context, ends): (&Context, &Ends),
    tls: Option<Tls>,
    tracker: &TaskTracker,
    shutdown: &CancellationToken,
) -> anyhow::Result<SocketAddr> {
    let listener = TcpListener::bind(config.http)
        .await
        .with_context(|| format!("--http {} cannot be listened on", config.http))?;
    let http = listener.local_addr()?;
    let answers = (ends.router.clone(), Arc::clone(&context.connections));
    let is_open = context.access.open;
    tracker.spawn(api::serve(
        listener,
        answers,
        is_open,
        tls,
        shutdown.clone(),
    ));
    Ok(http)
}

/// Starts what follows the city, until the context ends: has people and programs elsewhere told of
/// what happens, by the settings and on the embedded endpoint.
fn followers(context: &Context, endpoint: Option<&Handle>, tracker: &TaskTracker) {
    let access = &context.access;
    let everything = access.sights.of(&[Grant::whole(Role::Officer)]);
    if let Some(endpoint) = endpoint {
        tracker.spawn(notify::topics::run(
            context.city.clone(),
            Arc::clone(&everything),
            endpoint.clone(),
            access.open,
            context.shutdown.clone(),
        ));
    }
    let Some(outbox) = &context.outbox else {
        return;
    };
    let teller = Teller {
        city: context.city.clone(),
        everything,
        outbox: outbox.clone(),
        package: Arc::clone(&context.package),
        people: access.people.clone(),
    };
    tracker.spawn(teller.run(context.shutdown.clone()));
}

/// The outbox, if the settings name anybody to be told.
fn outbox(config: &Config, package: &egret_package::Package) -> anyhow::Result<Option<Outbox>> {
    if config.notify.channel.is_empty() {
        return Ok(None);
    }
    let settings =
        Settings::new(&config.notify, package.timezone).context("[notify] of the settings")?;
    let tree = package.area_tree();
    let foreign = settings.foreign(
        |area| tree.index_of(area).is_some(),
        |department| package.department(department).is_some(),
    );
    if !foreign.is_empty() {
        let mistakes: Vec<String> = foreign.iter().map(ToString::to_string).collect();
        anyhow::bail!("[notify] of the settings: {}", mistakes.join("; "));
    }
    let outbox = Outbox::open(&config.data, settings, Arc::new(clock::now))?;
    Ok(Some(outbox))
}

/// The certificate, if there is one, read anew when it changes.
fn tls(
    config: &Config,
    tracker: &TaskTracker,
    shutdown: &CancellationToken,
) -> anyhow::Result<Option<Tls>> {
    let Some(files) = &config.tls else {
        return Ok(None);
    };
    let tls = Tls::open(&files.certificate, &files.key)?;
    tracker.spawn(tls.clone().watch(TLS_EVERY, shutdown.clone()));
    Ok(Some(tls))
}

/// The package's files: of `folder`, or the demo city.
///
/// # Errors
/// If the folder cannot be read.
pub(crate) fn city_files(folder: Option<&Path>) -> anyhow::Result<CityFiles> {
    match folder {
        Some(folder) => CityFiles::read(folder).context("the city package cannot be read"),
        None => Ok(CityFiles::demo()),
    }
}

impl Running {
    /// Waits until the server has been told to stop and everything taken in is kept.
    ///
    /// # Errors
    /// If a thread failed: the journal could not be written, or what MQTT sessions wait for.
    pub(crate) async fn finished(self) -> anyhow::Result<()> {
        self.shutdown.cancelled().await;
        self.tracker.wait().await;
        let endpoint = self.endpoint.get();
        let failure = endpoint.and_then(|endpoint| endpoint.failure().map(str::to_owned));
        // The journal's thread ends once nobody is left who could hand it anything.
        drop(self.endpoint);
        for thread in self.threads {
            let ended = tokio::task::spawn_blocking(move || thread.join()).await?;
            ended.map_err(|_panic| anyhow::anyhow!("a thread of the pipeline panicked"))??;
        }
        if let Some(failure) = failure {
            anyhow::bail!("mqtt.db cannot be written: {failure}");
        }
        Ok(())
    }
}

type Threads = Vec<std::thread::JoinHandle<anyhow::Result<()>>>;

fn spawn_threads(
    journal: SqliteJournal,
    city: City,
    (live, stored): (mpsc::Receiver<Pending>, mpsc::Receiver<Pending>),
    telemetry: &Telemetry,
    generation: u64,
    shutdown: &CancellationToken,
) -> anyhow::Result<(Threads, CityHandle, mpsc::WeakSender<StoreJob>)> {
    let (committed_in, committed) = mpsc::channel(FOLD_QUEUE);
    let (store_in, store) = mpsc::channel(STORE_QUEUE);
    let jobs = store_in.downgrade();
    let writer = Writer {
        journal,
        live,
        stored,
        store,
        committed: committed_in,
        telemetry: telemetry.clone(),
        held: None,
    };
    let (folding, handle) = Folding::new(city, generation, committed, store_in, telemetry.clone());
    let stop = shutdown.clone();
    let writing = std::thread::Builder::new()
        .name("journal".to_owned())
        .spawn(move || {
            let ended = writer.run();
            // A server that cannot keep anything must not go on as if it could.
            stop.cancel();
            ended
                .inspect_err(|error| tracing::error!(%error, "the journal failed"))
                .map_err(Into::into)
        })?;
    let stop = shutdown.clone();
    let folding = std::thread::Builder::new()
        .name("fold".to_owned())
        .spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_time()
                .build()?;
            runtime.block_on(folding.run());
            stop.cancel();
            anyhow::Ok(())
        })?;
    Ok((vec![writing, folding], handle, jobs))
}

/// Notes in the journal that another city package is in force from here on.
async fn note_package(intake: &Intake, city: &CityHandle, digest: u64) -> anyhow::Result<()> {
    let known = city.ask(City::package_noted).await?;
    if known != Some(digest) {
        intake.note(Entry::Package(digest)).await?;
    }
    Ok(())
}

/// Lets time pass in the journal.
async fn tick(intake: Intake, shutdown: CancellationToken) {
    let mut every = tokio::time::interval(TICK_EVERY);
    every.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Skip);
    loop {
        tokio::select! {
            () = shutdown.cancelled() => return,
            _ = every.tick() => {
                if intake.tick(clock::now()).await.is_err() {
                    return;
                }
            }
        }
    }
}
