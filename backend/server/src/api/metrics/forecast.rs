//! What a metric will probably be in the next hours, apart from everything that was measured.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use egret_shared::id::{AreaCode, MetricId};
use egret_shared::package::metric::MetricDef;
use egret_shared::time::TimeMs;
use serde::{Deserialize, Serialize};

use super::known;
use crate::api::Context;
use crate::api::extract::{Path, Query};
use crate::api::problem::Problem;
use crate::auth::Caller;
use crate::clock;
use crate::forecast::history::History;
use crate::forecast::{AHEAD_HOURS, Expected, HOUR, LEVEL, NEEDED_HOURS, Outlook, Reason};
use crate::journal::JournalError;
use crate::limits::FORECAST_HISTORY_HOURS;
use crate::store::{Resolution, SeriesFilter, SeriesPoint};

/// How many hours ahead unless the request says otherwise.
const DEFAULT_HOURS: usize = 6;

#[derive(Debug, Deserialize)]
pub(in crate::api) struct ForecastQuery {
    area: Option<AreaCode>,
    hours: Option<usize>,
}

/// What of an hour's windows is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum Of {
    /// The mean of those that end in it.
    Mean,
    /// The last one, which holds the whole hour.
    Last,
}

/// A forecast, or why there is none.
#[derive(Debug, Serialize)]
pub(in crate::api) struct Answer {
    metric: MetricId,
    area: AreaCode,
    unit: String,
    /// The whole hour up to which history was taken.
    made_at: TimeMs,
    of: Of,
    level: f64,
    history_hours: usize,
    missing_hours: usize,
    needed_hours: usize,
    available: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<Reason>,
    #[serde(skip_serializing_if = "Option::is_none")]
    model: Option<&'static str>,
    points: Vec<Expected>,
}

/// `GET /api/v1/metrics/{id}/forecast?area=CODE[&hours=6]`.
pub(in crate::api) async fn forecast(
    State(context): State<Context>,
    caller: Caller,
    Path(id): Path<String>,
    Query(query): Query<ForecastQuery>,
) -> Result<Json<Answer>, Problem> {
    let (def, area) = known(&context, &caller, &id, query.area)?;
    let hours = query.hours.unwrap_or(DEFAULT_HOURS);
    if !(1..=AHEAD_HOURS).contains(&hours) {
        return Err(Problem::bad(format!(
            "hours={hours}: 1 to {AHEAD_HOURS} are possible"
        )));
    }
    let made_at = TimeMs(clock::now().0.div_euclid(HOUR.ms()) * HOUR.ms());
    let of = meant(def);
    if caller.sight.withheld_below(&def.id, &area).is_some() {
        // It would be made of numbers some of which are withheld.
        let outlook = Outlook {
            history_hours: 0,
            missing_hours: 0,
            model: None,
            hours: Err(Reason::Withheld),
        };
        let answer = answer(def, area, made_at, of, hours, outlook);
        return Ok(Json(Answer {
            needed_hours: 0,
            ..answer
        }));
    }
    let filter = past(def, &area, made_at);
    let store = context.store.clone();
    let history = move || -> Result<History, JournalError> {
        let rows = store.series(&filter)?;
        let values = rows
            .iter()
            .filter_map(|row| Some((row.end, value(row, of)?)));
        Ok(History::new(values, made_at))
    };
    let key = (def.id.clone(), area.clone());
    let outlook = context.forecasts.get(key, made_at, history).await;
    let outlook = outlook.map_err(|failed| failed.map_or_else(stopping, Problem::from))?;
    Ok(Json(answer(def, area, made_at, of, hours, outlook)))
}

fn past(def: &MetricDef, area: &AreaCode, until: TimeMs) -> SeriesFilter {
    let n_hours = i64::try_from(FORECAST_HISTORY_HOURS).unwrap_or(i64::MAX);
    SeriesFilter {
        metric: def.id.clone(),
        area: area.clone(),
        from: TimeMs(until.0 - n_hours * HOUR.ms()),
        to: until,
        resolution: Resolution::Hour,
        as_of: None,
        limit: FORECAST_HISTORY_HOURS,
    }
}

/// A tumbling window of more than a minute is whole only at its end: until then it grows, and the
/// mean of its growing says nothing.
fn meant(def: &MetricDef) -> Of {
    let tumbling = def.window.and_then(|window| window.tumbling);
    match tumbling {
        Some(length) if length.ms() > 60_000 => Of::Last,
        Some(_) | None => Of::Mean,
    }
}

fn value(row: &SeriesPoint, of: Of) -> Option<f64> {
    match of {
        Of::Mean => row.mean,
        Of::Last => row.v,
    }
}

fn answer(
    def: &MetricDef,
    area: AreaCode,
    made_at: TimeMs,
    of: Of,
    hours: usize,
    outlook: Outlook,
) -> Answer {
    let reason = outlook.hours.as_ref().err().copied();
    let mut points = outlook.hours.unwrap_or_default();
    points.truncate(hours);
    Answer {
        metric: def.id.clone(),
        area,
        unit: def.unit.clone(),
        made_at,
        of,
        level: LEVEL,
        history_hours: outlook.history_hours,
        missing_hours: outlook.missing_hours,
        needed_hours: NEEDED_HOURS,
        available: reason.is_none(),
        reason,
        model: outlook.model,
        points,
    }
}

fn stopping() -> Problem {
    Problem::new(
        StatusCode::SERVICE_UNAVAILABLE,
        "the server is shutting down",
    )
}
