//! HTTP: REST under `/api/v1`, the WebSocket, health, and the screens themselves.
//!
//! Every handler takes a [`Grant`] and asks the city or the store; none holds state.

mod assets;
mod city;
mod events;
mod extract;
mod gateways;
mod lists;
mod metrics;
mod ops;
mod page;
mod problem;
mod quarantine;
mod raw;
mod site;
mod socket;

use std::sync::Arc;

use axum::Router;
use axum::extract::{DefaultBodyLimit, FromRequestParts};
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::routing::{get, post};
use axum::serve::ListenerExt as _;
use egret_city::Lineage;
use egret_package::Package;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tower_http::compression::CompressionLayer;
use tower_http::timeout::TimeoutLayer;

use crate::auth::Grant;
use crate::city_files::CityFiles;
use crate::folding::CityHandle;
use crate::forecast::Forecasts;
use crate::intake::Intake;
use crate::limits::{HTTP_BODY_BYTES, HTTP_TIMEOUT};
use crate::store::Store;
use crate::telemetry::Telemetry;

/// What every handler can reach. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Context {
    /// The city's thread.
    pub city: CityHandle,
    /// What is kept beside the journal.
    pub store: Arc<dyn Store>,
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
    /// What is measured.
    pub telemetry: Telemetry,
    /// Ends the server.
    pub shutdown: CancellationToken,
    /// Tells this start of the server from others.
    pub generation: u64,
}

/// Whoever asks gets the one grant there is; with sign-in, the session's.
impl FromRequestParts<Context> for Grant {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(_: &mut Parts, _: &Context) -> Result<Self, Self::Rejection> {
        Ok(Self::EVERYTHING)
    }
}

/// Serves until `shutdown`.
pub(crate) async fn serve(listener: TcpListener, context: Context, shutdown: CancellationToken) {
    let service = router(context).into_make_service_with_connect_info::<std::net::SocketAddr>();
    // A frame goes out at once: held back until the one before it is acknowledged, which a client
    // that has nothing to say puts off, it would be 40 ms late.
    let listener = listener.tap_io(|stream| {
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "a connection sends its frames late");
        }
    });
    let served = axum::serve(listener, service)
        .with_graceful_shutdown(shutdown.clone().cancelled_owned())
        .await;
    if let Err(error) = served {
        tracing::error!(%error, "HTTP failed");
        shutdown.cancel();
    }
}

fn router(context: Context) -> Router {
    let v1 = Router::new()
        .route("/assets", get(assets::list))
        .route("/assets/{feed}/{asset}", get(assets::one))
        .route("/metrics/{id}", get(metrics::series))
        .route("/metrics/{id}/now", get(metrics::now))
        .route("/metrics/{id}/lineage", get(metrics::lineage))
        .route("/metrics/{id}/forecast", get(metrics::forecast))
        .route("/raw/{seq}", get(raw::one))
        .route("/gateways", get(gateways::list))
        .route("/alerts", get(lists::alerts))
        .route("/incidents", get(lists::incidents))
        .route("/incidents/{id}", get(lists::incident))
        .route("/feeds", get(lists::feeds))
        .route("/areas", get(city::areas))
        .route("/areas.geojson", get(city::areas_geojson))
        .route("/catalog", get(city::catalog))
        .route("/quarantine", get(quarantine::list))
        .route("/events", post(events::take))
        .route("/state", get(ops::state))
        .fallback(problem::not_found)
        .method_not_allowed_fallback(problem::no_method);
    Router::new()
        .nest("/api/v1", v1)
        .route("/ws", get(socket::upgrade))
        .route("/map/{*file}", get(city::map_file))
        .route("/healthz", get(ops::healthy))
        .route("/readyz", get(ops::ready))
        .route("/metrics", get(ops::metrics))
        .fallback(get(site::serve))
        .layer(DefaultBodyLimit::max(HTTP_BODY_BYTES))
        .layer(TimeoutLayer::with_status_code(
            StatusCode::REQUEST_TIMEOUT,
            HTTP_TIMEOUT,
        ))
        .layer(CompressionLayer::new())
        .with_state(context)
}
