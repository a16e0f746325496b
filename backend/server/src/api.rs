//! HTTP: REST under `/api/v1`, the WebSocket, health, and the screens themselves.
//!
//! Every handler takes a [`Caller`](crate::auth::Caller) and asks the city or the store; none holds
//! state.

mod assets;
mod brokers;
mod city;
mod commands;
mod csv;
mod ending;
mod events;
mod extract;
mod gateways;
mod hushes;
mod incidents;
mod lists;
mod metrics;
mod mode;
mod mqtt;
mod once;
mod open311;
mod ops;
mod page;
mod people;
mod personal;
pub(crate) mod problem;
mod quality;
mod quarantine;
mod raw;
mod register;
mod settle;
mod site;
mod socket;
mod taken;
mod tiles;
mod walls;

use std::sync::atomic::AtomicBool;
use std::sync::{Arc, OnceLock};

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware;
use axum::routing::{delete, get, patch, post, put};
use egret_city::Lineage;
use egret_listen::Tls;
use egret_mqtt::Handle;
use egret_notify::Outbox;
use egret_package::Package;
use egret_people::{Line, Refused};
use tokio::net::TcpListener;
use tokio::sync::Mutex;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::ServiceExt as _;
use tower_http::compression::CompressionLayer;
use tower_http::compression::predicate::{
    And, DefaultPredicate, NotForContentType, Predicate as _,
};

use crate::auth::Access;
use crate::auth::admit::{admit, note_denied};
use crate::auth::refusals::Refusals;
use crate::auth::sso::Sso;
use crate::auth::trail::Trail;
use crate::city_files::CityFiles;
use crate::downlink::Wake;
use crate::folding::CityHandle;
use crate::forecast::Forecasts;
use crate::intake::Intake;
use crate::journal::eraser::Eraser;
use crate::limits::{ATTACHMENT_BYTES, HTTP_BODY_BYTES};
use crate::live::Live;
use crate::register::Register;
use crate::source::brokers::BrokerBook;
use crate::store::Store;
use crate::store::files::Files;
use crate::telemetry::Telemetry;
use crate::walls::Walls;
pub(crate) use once::Answers;
use problem::Problem;
pub(crate) use register::Sampler;
pub(crate) use tiles::TileReads;

/// What every handler can reach. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Context {
    /// The city's thread.
    pub city: CityHandle,
    /// What is kept beside the journal.
    pub store: Arc<dyn Store>,
    /// Notices on their way out; absent if nobody is to be told.
    pub outbox: Option<Outbox>,
    /// Files of incidents.
    pub attachments: Files,
    /// Erases persons.
    pub eraser: Eraser,
    /// The city package's files, for the map.
    pub files: Arc<CityFiles>,
    /// The city package.
    pub package: Arc<Package>,
    /// Where its numbers come from.
    pub lineage: Arc<Lineage>,
    /// What its numbers will probably be.
    pub forecasts: Arc<Forecasts>,
    /// The way into the journal.
    pub intake: Intake,
    /// Held by whoever reads refused messages again or lets them go: two at once would list the same
    /// ones, and count them twice. One for the whole server, whatever package is in force.
    pub settling: Arc<Mutex<()>>,
    /// What was answered to requests that may be told again.
    pub answers: Answers,
    /// What is measured.
    pub telemetry: Telemetry,
    /// Who may what.
    pub access: Arc<Access>,
    /// The city's single sign-on, if it has one.
    pub sso: Option<Arc<Sso>>,
    /// What the HTTP listener has counted.
    pub connections: Arc<egret_listen::Counters>,
    /// What was refused of late.
    pub refusals: Arc<Refusals>,
    /// Walls that are there or driven.
    pub walls: Arc<Walls>,
    /// Lines on their way into the audit trail.
    pub audit: Trail,
    /// What is added to the city package.
    pub register: Register,
    /// How existing brokers stand.
    pub brokers: BrokerBook,
    /// How the fetching of feeds goes.
    pub polls: Arc<egret_poll::Board>,
    /// Fetches samples of feeds that are to be fetched.
    pub sampler: Sampler,
    /// Room for reads of map tiles.
    pub tile_reads: TileReads,
    /// Tells that there are orders to actuators.
    pub orders: Wake,
    /// Tasks of the server, for what must not end with who asked for it: the future of a request that
    /// is hung up on, or takes too long, is dropped wherever it waits.
    pub tasks: TaskTracker,
    /// The embedded MQTT endpoint, once it is there.
    pub endpoint: Arc<OnceLock<Handle>>,
    /// Ends whoever follows the city: the server stops, or another package is in force.
    pub shutdown: CancellationToken,
    /// Tells this start of the server, and this package in force, from others.
    pub generation: u64,
    /// Whether all that closed before this package came in force can be read. Until then windows come
    /// that were known long ago.
    pub is_past_whole: Arc<AtomicBool>,
}

impl Context {
    /// What the city's single sign-on is called, if it has one.
    fn oidc_name(&self) -> Option<String> {
        let sso = self.sso.as_ref();
        sso.map(|sso| sso.oidc.name().to_owned())
    }

    /// Puts a line about what was refused into the audit trail, if there is room: a flood of refusals
    /// must not hold up those who may.
    pub(crate) fn note(&self, line: Line) {
        self.audit.note(line);
    }

    /// Puts a line about what was done into the audit trail, and returns once it is there; that it
    /// cannot be written is no error of what was done: see [`Trail::note_done`].
    async fn note_done(&self, line: Line) {
        self.audit.note_done(line).await;
    }

    /// Puts a line into the audit trail, and returns once it is there: of what must not be shown or
    /// done without it.
    async fn note_now(&self, line: Line) -> Result<(), Problem> {
        let people = self.access.people.clone();
        let noted = tokio::task::spawn_blocking(move || people.note(&line)).await;
        noted
            .map_err(|error| Problem::given_up(&error))?
            .map_err(|error| Problem::from(Refused::Store(error)))
    }
}

/// Serves until `shutdown`.
pub(crate) async fn serve(
    listener: TcpListener,
    (router, counters): (Live<Router>, Arc<egret_listen::Counters>),
    is_open: bool,
    tls: Option<Tls>,
    shutdown: CancellationToken,
) {
    let mut limits = egret_listen::Limits::default();
    if is_open {
        // Everybody comes from the one address that there is.
        limits.per_address_max = limits.connections_max;
    }
    // Each request is answered by what is in force when it comes.
    let current = tower::service_fn(move |request| {
        let router = router.get();
        async move { router.as_ref().clone().oneshot(request).await }
    });
    let router = Router::new().fallback_service(current);
    let served =
        egret_listen::serve(listener, router, tls, limits, counters, shutdown.clone()).await;
    if let Err(error) = served {
        tracing::error!(%error, "HTTP failed");
        shutdown.cancel();
    }
}

/// Everything that is answered by what `context` reaches.
pub(crate) fn router(context: Context) -> Router {
    let once = || middleware::from_fn_with_state(context.clone(), once::once);
    let v1 = Router::new()
        .route("/assets", get(assets::list))
        .route("/assets/{feed}/{asset}", get(assets::one))
        .route("/raw/{seq}", get(raw::one).post(raw::opened))
        .route(
            "/reports/{feed}/{report}/personal",
            get(personal::masked).post(personal::shown),
        )
        .route("/persons/erase", post(personal::erase))
        .route("/gateways", get(gateways::list))
        .route("/alerts", get(lists::alerts))
        .route("/alerts/log", get(hushes::turns))
        .route("/hushes", get(hushes::list).post(hushes::order))
        .route("/mode", get(mode::mode).post(mode::change))
        .route("/scorecards", get(mode::scorecards))
        .route("/walls", get(walls::list))
        .route("/walls/{id}/drive", post(walls::drive))
        .route("/feeds", get(lists::feeds))
        .route("/feeds/{feed}/quality", get(quality::of_feed))
        .route("/brokers", get(brokers::list))
        .route("/areas", get(city::areas))
        .route("/areas.geojson", get(city::areas_geojson))
        .route("/catalog", get(city::catalog))
        .route("/events", post(events::take).layer(once()))
        .route("/feeds/{feed}/csv", post(csv::take).layer(once()))
        .route("/state", get(ops::state))
        .merge(cases())
        .merge(numbers())
        .merge(ways_in())
        .merge(ways_out(&context))
        .merge(people())
        .fallback(problem::not_found)
        .method_not_allowed_fallback(problem::no_method);
    Router::new()
        .nest("/api/v1", v1)
        .route(
            "/open311/v2/{file}",
            get(open311::read).post(open311::send).layer(once()),
        )
        .route("/open311/v2/{of}/{file}", get(open311::read_one))
        .route("/ws", get(socket::upgrade))
        .route("/mqtt", get(mqtt::upgrade))
        .route("/map/{*file}", get(city::map_file))
        .route("/healthz", get(ops::healthy))
        .route("/readyz", get(ops::ready))
        .route("/metrics", get(ops::metrics))
        .fallback(get(site::serve))
        .layer(DefaultBodyLimit::max(HTTP_BODY_BYTES))
        .layer(middleware::from_fn_with_state(context.clone(), note_denied))
        .layer(middleware::from_fn_with_state(
            context.clone(),
            ending::in_time,
        ))
        .layer(compression())
        .layer(middleware::from_fn_with_state(context.clone(), admit))
        .with_state(context)
}

/// Compresses answers for whoever takes it, but no tiles: they are tagged in the encoding in which they
/// come here, and one tag is for one encoding.
fn compression() -> CompressionLayer<And<DefaultPredicate, NotForContentType>> {
    let no_tiles = NotForContentType::const_new(tiles::KIND);
    CompressionLayer::new().compress_when(DefaultPredicate::new().and(no_tiles))
}

/// Incidents, what is done about them and what belongs to them.
fn cases() -> Router<Context> {
    Router::new()
        .route(
            "/incidents",
            get(incidents::list).post(incidents::open::open),
        )
        .route("/incidents/{id}", get(incidents::one))
        .route("/incidents/{id}/doer", get(incidents::doer))
        .route("/incidents/{id}/commands", post(incidents::command))
        .route(
            "/incidents/{id}/attachments",
            post(incidents::attachments::put).layer(DefaultBodyLimit::max(ATTACHMENT_BYTES)),
        )
        .route(
            "/incidents/{id}/attachments/{file}",
            get(incidents::attachments::get),
        )
}

/// What becomes of what was refused, and feeds that are added.
fn ways_in() -> Router<Context> {
    Router::new()
        .route("/quarantine", get(quarantine::list))
        .route("/quarantine/rerun", post(settle::rerun))
        .route("/quarantine/discard", post(settle::discard))
        .route("/register", get(register::state))
        .route("/register/try", post(register::attempt))
        .route("/register/fetch", post(register::fetch))
        .route("/register/topics", get(register::topics))
        .route(
            "/register/{feed}",
            put(register::put).delete(register::remove),
        )
}

/// Metrics in areas.
fn numbers() -> Router<Context> {
    Router::new()
        .route("/metrics/{id}", get(metrics::series))
        .route("/metrics/{id}/now", get(metrics::now))
        .route("/metrics/{id}/lineage", get(metrics::lineage))
        .route("/metrics/{id}/forecast", get(metrics::forecast))
        .route("/recent", get(metrics::recent))
}

/// Orders to actuators.
fn ways_out(context: &Context) -> Router<Context> {
    let named = middleware::from_fn_with_state(context.clone(), once::named);
    Router::new()
        .route(
            "/commands",
            get(commands::list).merge(post(commands::order).layer(named)),
        )
        .route("/commands/{id}", get(commands::one))
        .route(
            "/assets/{feed}/{asset}/commands",
            get(commands::offered::list),
        )
}

/// Signing in, and managing who may.
fn people() -> Router<Context> {
    use people::{admin, audit, device, me, notices, oidc};
    Router::new()
        .route("/me", get(me::me))
        .route("/me/password", post(me::change_password))
        .route("/me/sessions", get(me::sessions))
        .route("/me/sessions/{id}", delete(me::end_session))
        .route("/first-start", post(me::first_start))
        .route("/sign-in", post(me::sign_in))
        .route("/sign-out", post(me::sign_out))
        .route("/oidc/start", get(oidc::start))
        .route("/oidc/callback", get(oidc::callback))
        .route("/pair", post(device::ask))
        .route("/pair/{id}", get(device::pairing))
        .route("/pair/{id}/qr.svg", get(device::qr))
        .route("/device/challenge", post(device::challenge))
        .route("/device/sign-in", post(device::sign_in))
        .route("/admin/users", get(admin::users).post(admin::add_user))
        .route(
            "/admin/users/{id}",
            patch(admin::change_user).delete(admin::remove_user),
        )
        .route("/admin/users/{id}/sign-out", post(admin::sign_out_user))
        .route("/admin/tokens", get(admin::tokens).post(admin::add_token))
        .route("/admin/tokens/{id}", delete(admin::remove_token))
        .route("/admin/pairings", get(admin::pairings))
        .route(
            "/admin/pairings/{code}",
            post(admin::approve).delete(admin::refuse),
        )
        .route("/admin/devices", get(admin::devices))
        .route(
            "/admin/devices/{id}",
            patch(admin::change_device).delete(admin::remove_device),
        )
        .route(
            "/admin/gateways",
            get(admin::gateways).post(admin::add_gateway),
        )
        .route(
            "/admin/gateways/{id}",
            patch(admin::change_gateway).delete(admin::remove_gateway),
        )
        .route("/admin/gateways/{id}/secret", post(admin::renew_gateway))
        .route("/admin/notifications", get(notices::status))
        .route("/admin/notifications/deliveries", get(notices::deliveries))
        .route("/audit", get(audit::list))
        .route("/audit/verify", get(audit::verify))
        .route("/audit/export", get(audit::export))
}
