//! Every way out of the server: one line each. A route that is missing here fails the test.

use egret_tests::matrix::cell::Cell;
use egret_tests::matrix::truth::Truth;
use egret_tests::routes;

use crate::{
    cases, closed, ids, lists, mqtt, numbers, orders, persons, requests, sockets, walls, warnings,
};

/// A way, and what is done on it.
pub(crate) struct Way {
    /// `METHOD route` as the server registers it, or what it is in words.
    pub(crate) name: &'static str,
    /// Whether trying it leaves something behind that others would find.
    pub(crate) leaves_traces: bool,
    /// Tries it as somebody.
    pub(crate) tried: fn(Cell<'_>, &Truth),
}

/// A way on which nothing is left behind.
const fn way(name: &'static str, tried: fn(Cell<'_>, &Truth)) -> Way {
    Way {
        name,
        leaves_traces: false,
        tried,
    }
}

/// A way on which refused messages, for one, are left behind.
const fn tracked(name: &'static str, tried: fn(Cell<'_>, &Truth)) -> Way {
    Way {
        name,
        leaves_traces: true,
        tried,
    }
}

/// All of them.
pub(crate) const WAYS: &[Way] = &[
    way("GET /api/v1/assets", lists::assets),
    way("GET /api/v1/assets/{feed}/{asset}", lists::asset),
    way("GET /api/v1/metrics/{id}", numbers::series),
    way("GET /api/v1/metrics/{id}/now", numbers::now),
    way("GET /api/v1/recent", numbers::recent),
    way("GET /api/v1/metrics/{id}/lineage", numbers::lineage),
    way("GET /api/v1/metrics/{id}/forecast", numbers::forecast),
    way("GET /api/v1/raw/{seq}", lists::raw),
    way("POST /api/v1/raw/{seq}", persons::raw_opened),
    way(
        "GET /api/v1/reports/{feed}/{report}/personal",
        persons::masked,
    ),
    way(
        "POST /api/v1/reports/{feed}/{report}/personal",
        persons::shown,
    ),
    way("POST /api/v1/persons/erase", persons::erase),
    way("GET /api/v1/alerts", lists::alerts),
    way("GET /api/v1/incidents", lists::incidents),
    way("GET /api/v1/incidents/{id}", lists::incident),
    way("POST /api/v1/incidents", cases::open),
    way("GET /api/v1/incidents/{id}/doer", cases::doer),
    way("POST /api/v1/incidents/{id}/commands", cases::commands),
    way("POST /api/v1/incidents/{id}/attachments", cases::attach),
    way(
        "GET /api/v1/incidents/{id}/attachments/{file}",
        cases::attached,
    ),
    way("GET /api/v1/alerts/log", cases::turns),
    way("GET /api/v1/hushes", cases::hushes),
    way("POST /api/v1/hushes", cases::hush),
    way("GET /api/v1/mode", cases::mode),
    way("POST /api/v1/mode", cases::change_mode),
    way("GET /api/v1/scorecards", cases::scorecards),
    way("GET /api/v1/walls", walls::list),
    way("POST /api/v1/walls/{id}/drive", walls::drive),
    way("GET /api/v1/commands", orders::list),
    way("POST /api/v1/commands", orders::give),
    way("GET /api/v1/commands/{id}", orders::one),
    way(
        "GET /api/v1/assets/{feed}/{asset}/commands",
        orders::offered,
    ),
    way("GET /api/v1/feeds", lists::feeds),
    way("GET /api/v1/feeds/{feed}/quality", lists::quality),
    way("GET /api/v1/brokers", closed::brokers),
    way("GET /api/v1/areas", lists::areas),
    way("GET /api/v1/areas.geojson", lists::areas_geojson),
    way("GET /api/v1/catalog", lists::catalog),
    way("GET /api/v1/quarantine", lists::quarantine),
    way("POST /api/v1/quarantine/rerun", closed::settles),
    way("POST /api/v1/quarantine/discard", closed::settles),
    way("GET /api/v1/register", closed::registers),
    way("GET /api/v1/register/topics", closed::registers),
    way("POST /api/v1/register/try", closed::registers),
    way("POST /api/v1/register/fetch", closed::registers),
    way("PUT /api/v1/register/{feed}", closed::registers),
    way("DELETE /api/v1/register/{feed}", closed::registers),
    tracked("GET /api/v1/gateways", lists::gateways),
    tracked("POST /api/v1/events", closed::send),
    tracked("POST /api/v1/feeds/{feed}/csv", closed::table),
    way("GET /open311/v2/{file}", requests::list),
    way("GET /open311/v2/{of}/{file}", requests::one),
    tracked("POST /open311/v2/{file}", requests::send),
    way("GET /api/v1/state", closed::state),
    way("GET /metrics", closed::measurements),
    way("GET /map/{*file}", closed::map),
    way("GET /healthz", closed::free),
    way("GET /readyz", closed::free),
    way("GET /api/v1/audit", closed::audit),
    way("GET /api/v1/audit/verify", closed::audit_verify),
    way("GET /api/v1/audit/export", closed::audit_export),
    way("GET /api/v1/admin/users", closed::managed),
    way("GET /api/v1/admin/tokens", closed::managed),
    way("GET /api/v1/admin/pairings", closed::managed),
    way("GET /api/v1/admin/devices", closed::managed),
    way("GET /api/v1/admin/gateways", closed::managed),
    way("GET /api/v1/admin/notifications", closed::managed),
    way(
        "GET /api/v1/admin/notifications/deliveries",
        closed::managed,
    ),
    way("POST /api/v1/admin/users", closed::manages),
    way("PATCH /api/v1/admin/users/{id}", closed::manages),
    way("DELETE /api/v1/admin/users/{id}", closed::manages),
    way("POST /api/v1/admin/users/{id}/sign-out", closed::manages),
    way("POST /api/v1/admin/tokens", closed::manages),
    way("DELETE /api/v1/admin/tokens/{id}", closed::manages),
    way("POST /api/v1/admin/pairings/{code}", closed::manages),
    way("DELETE /api/v1/admin/pairings/{code}", closed::manages),
    way("PATCH /api/v1/admin/devices/{id}", closed::manages),
    way("DELETE /api/v1/admin/devices/{id}", closed::manages),
    way("POST /api/v1/admin/gateways", closed::manages),
    way("PATCH /api/v1/admin/gateways/{id}", closed::manages),
    way("DELETE /api/v1/admin/gateways/{id}", closed::manages),
    way("POST /api/v1/admin/gateways/{id}/secret", closed::manages),
    way("GET /api/v1/me", closed::me),
    way("GET /api/v1/me/sessions", closed::free),
    way("DELETE /api/v1/me/sessions/{id}", closed::free),
    way("POST /api/v1/me/password", closed::free),
    way("POST /api/v1/first-start", closed::free),
    way("POST /api/v1/sign-in", closed::free),
    way("POST /api/v1/sign-out", closed::free),
    way("POST /api/v1/pair", closed::free),
    way("GET /api/v1/pair/{id}", closed::free),
    way("GET /api/v1/pair/{id}/qr.svg", closed::free),
    way("POST /api/v1/device/challenge", closed::free),
    way("POST /api/v1/device/sign-in", closed::free),
    way("GET /api/v1/oidc/start", closed::free),
    way("GET /api/v1/oidc/callback", closed::free),
    way("GET /ws", sockets::binary),
    way("GET /mqtt", closed::free),
    way("WebSocket in JSON", sockets::text_frames),
    way("MQTT #", mqtt::everything),
    way("MQTT +", mqtt::levels),
    way("MQTT exact", mqtt::own_topics),
    way("MQTT $SYS", mqtt::broker),
    way("MQTT $share", mqtt::shared),
    way("warnings", warnings::told),
    tracked("warnings by HTTP", warnings::sent),
    way("foreign as absent", ids::foreign),
];

/// Fails unless every route that the server registers has its line.
#[track_caller]
pub(crate) fn are_all_there() {
    let registered: Vec<_> = routes::all().iter().map(routes::Route::name).collect();
    let listed: Vec<_> = WAYS.iter().map(|way| way.name).collect();
    let new: Vec<_> = registered
        .iter()
        .filter(|name| !listed.contains(&&***name))
        .collect();
    assert!(
        new.is_empty(),
        "WAYS in tests/suites/matrix/ways.rs has no line for {new:?}"
    );
    let is_route = |name: &&&str| name.split_once(" /").is_some();
    let gone: Vec<_> = listed
        .iter()
        .filter(is_route)
        .filter(|name| !registered.iter().any(|known| known == **name))
        .collect();
    assert!(gone.is_empty(), "there are no routes any more for {gone:?}");
}
