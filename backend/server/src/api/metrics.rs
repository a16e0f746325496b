//! A metric in an area: now, and over time.

use axum::Json;
use axum::extract::State;
use egret_shared::flags::Flags;
use egret_shared::id::{AreaCode, MetricId};
use egret_shared::level::Level;
use egret_shared::metric::MetricPoint;
use egret_shared::package::metric::MetricDef;
use egret_shared::time::{Span, TimeMs};
use serde::{Deserialize, Serialize};

use super::Context;
use super::extract::{Path, Query};
use super::problem::Problem;
use crate::auth::Grant;
use crate::clock;
use crate::limits::HISTORY_POINTS_MAX;
use crate::store::HistoryFilter;

/// How far back a history goes unless `from` says otherwise.
const DEFAULT_RANGE: Span = Span(6 * 3_600_000);

/// The finest step: closed windows are kept once a minute.
const DEFAULT_STEP: Span = Span(60_000);

#[derive(Debug, Deserialize)]
pub(super) struct MetricQuery {
    area: Option<AreaCode>,
    from: Option<TimeMs>,
    to: Option<TimeMs>,
    step: Option<Span>,
}

/// A metric's points in an area.
#[derive(Debug, Serialize)]
pub(super) struct Series {
    metric: MetricId,
    area: AreaCode,
    unit: String,
    points: Vec<Point>,
}

/// One window.
#[derive(Debug, Serialize)]
struct Point {
    start: TimeMs,
    end: TimeMs,
    v: Option<f64>,
    level: Level,
    sources: u32,
    expected: u32,
    latest_at: Option<TimeMs>,
    flags: Flags,
}

impl From<MetricPoint> for Point {
    fn from(point: MetricPoint) -> Self {
        Self {
            start: point.start,
            end: point.end,
            v: point.v,
            level: point.level,
            sources: point.sources,
            expected: point.expected,
            latest_at: point.latest_at,
            flags: point.flags,
        }
    }
}

/// `GET /api/v1/metrics/{id}/now?area=CODE`: the window that ends now, with all that has arrived.
pub(super) async fn now(
    State(context): State<Context>,
    grant: Grant,
    Path(id): Path<String>,
    Query(query): Query<MetricQuery>,
) -> Result<Json<Series>, Problem> {
    let (def, area) = known(&context, grant, &id, query.area)?;
    let (metric, place) = (def.id.clone(), area.clone());
    let point = context
        .city
        .ask(move |city| city.metric_now(&metric, &place))
        .await?;
    Ok(Json(series(def, area, point)))
}

/// `GET /api/v1/metrics/{id}?area=CODE[&from&to&step]`: closed windows, oldest first.
pub(super) async fn history(
    State(context): State<Context>,
    grant: Grant,
    Path(id): Path<String>,
    Query(query): Query<MetricQuery>,
) -> Result<Json<Series>, Problem> {
    let (def, area) = known(&context, grant, &id, query.area)?;
    let to = query.to.unwrap_or_else(clock::now);
    let from = query.from.unwrap_or(to.minus(DEFAULT_RANGE));
    let step = query.step.unwrap_or(DEFAULT_STEP);
    if from >= to || step.ms() <= 0 {
        return Err(Problem::bad(format!(
            "from={from} to={to} step={step} is no range of time"
        )));
    }
    let filter = HistoryFilter {
        metric: def.id.clone(),
        area: area.clone(),
        from,
        to,
        step,
        limit: HISTORY_POINTS_MAX,
    };
    let store = context.store.clone();
    let rows = tokio::task::spawn_blocking(move || store.history(&filter)).await;
    let rows =
        rows.map_err(|error| Problem::bad(format!("the request was given up: {error}")))??;
    Ok(Json(series(def, area, rows)))
}

/// The metric and area of a request, if both exist and may be seen.
fn known<'a>(
    context: &'a Context,
    grant: Grant,
    id: &str,
    area: Option<AreaCode>,
) -> Result<(&'a MetricDef, AreaCode), Problem> {
    if !grant.sees_city() {
        return Err(Problem::forbidden());
    }
    let area = area.unwrap_or_else(|| context.package.city.root.clone());
    if context.package.area_tree().index_of(&area).is_none() {
        return Err(Problem::missing(format!("there is no area \"{area}\"")));
    }
    let def = context
        .package
        .metrics
        .iter()
        .find(|metric| metric.id.as_str() == id);
    def.map(|def| (def, area)).ok_or_else(|| {
        Problem::missing(format!(
            "there is no metric \"{id}\"; /api/v1/catalog lists them"
        ))
    })
}

fn series(
    def: &MetricDef,
    area: AreaCode,
    points: impl IntoIterator<Item = MetricPoint>,
) -> Series {
    Series {
        metric: def.id.clone(),
        area,
        unit: def.unit.clone(),
        points: points.into_iter().map(Point::from).collect(),
    }
}
