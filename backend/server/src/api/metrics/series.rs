//! A metric over time: as it is known now, or as it was known at a time before.

use axum::Json;
use axum::extract::State;
use egret_shared::id::{AreaCode, MetricId};
use egret_shared::time::{Span, TimeMs};
use serde::{Deserialize, Serialize};

use super::known;
use super::point::Point;
use crate::api::Context;
use crate::api::extract::{Path, Query};
use crate::api::problem::Problem;
use crate::auth::Caller;
use crate::clock;
use crate::limits::HISTORY_POINTS_MAX;
use crate::store::{Resolution, SeriesFilter, SeriesPoint};

/// How far back a history goes unless `from` says otherwise.
const DEFAULT_RANGE: Span = Span(6 * HOUR_MS);

const MINUTE_MS: i64 = 60_000;
const HOUR_MS: i64 = 3_600_000;
const DAY_MS: i64 = 24 * HOUR_MS;

#[derive(Debug, Deserialize)]
pub(in crate::api) struct SeriesQuery {
    area: Option<AreaCode>,
    from: Option<TimeMs>,
    to: Option<TimeMs>,
    step: Option<Span>,
    as_of: Option<TimeMs>,
}

/// A metric's points in an area, oldest first.
#[derive(Debug, Serialize)]
pub(in crate::api) struct Series {
    metric: MetricId,
    area: AreaCode,
    unit: String,
    /// What the points are made of: closed windows by the minute, or what they come to by the
    /// hour or day.
    resolution: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    as_of: Option<TimeMs>,
    points: Vec<Point>,
}

/// `GET /api/v1/metrics/{id}?area=CODE[&from&to&step&as_of]`: closed windows, oldest first.
pub(in crate::api) async fn series(
    State(context): State<Context>,
    caller: Caller,
    Path(id): Path<String>,
    Query(query): Query<SeriesQuery>,
) -> Result<Json<Series>, Problem> {
    let (def, area) = known(&context, &caller, &id, query.area)?;
    let to = query.to.unwrap_or_else(clock::now);
    let from = query.from.unwrap_or(to.minus(DEFAULT_RANGE));
    let step = step(from, to, query.step)?;
    let resolution = Resolution::of_step(step);
    let filter = SeriesFilter {
        metric: def.id.clone(),
        area: area.clone(),
        from,
        to,
        resolution,
        as_of: query.as_of,
        limit: HISTORY_POINTS_MAX,
    };
    let store = context.store.clone();
    let rows = tokio::task::spawn_blocking(move || store.series(&filter)).await;
    let rows = rows.map_err(|error| Problem::given_up(&error))??;
    let mut points = stepped(rows, step);
    if let Some(least) = caller.sight.withheld_below(&def.id, &area) {
        for point in &mut points {
            point.withhold_below(least);
        }
    }
    Ok(Json(Series {
        metric: def.id.clone(),
        area,
        unit: def.unit.clone(),
        resolution: resolution.as_str(),
        as_of: query.as_of,
        points: points.into_iter().map(Point::from).collect(),
    }))
}

/// The step: as asked for, or the finest that history is kept in and that fits the answer.
fn step(from: TimeMs, to: TimeMs, asked: Option<Span>) -> Result<Span, Problem> {
    let range_ms = to.since(from).ms();
    let most = i64::try_from(HISTORY_POINTS_MAX).unwrap_or(i64::MAX);
    let fits = |step_ms: i64| range_ms / step_ms <= most;
    let kept = [MINUTE_MS, HOUR_MS, DAY_MS];
    let finest = kept.into_iter().find(|step_ms| fits(*step_ms));
    let step = asked.unwrap_or(Span(finest.unwrap_or(DAY_MS)));
    if range_ms <= 0 || step.ms() <= 0 {
        return Err(Problem::bad(format!(
            "from={from} to={to} step={step} is no range of time"
        )));
    }
    // What is read, and not only what is answered, has to fit.
    let read_ms = kept.into_iter().rev().find(|ms| *ms <= step.ms());
    if !fits(read_ms.unwrap_or(MINUTE_MS)) {
        return Err(Problem::bad(format!(
            "from={from} to={to} step={step} is more than {HISTORY_POINTS_MAX} points: \
             ask for a longer step"
        )));
    }
    Ok(step)
}

/// `rows` merged to one point for each `step` in which any of them ends.
fn stepped(rows: Vec<SeriesPoint>, step: Span) -> Vec<SeriesPoint> {
    let step_ms = step.ms();
    if [MINUTE_MS, HOUR_MS, DAY_MS].contains(&step_ms) {
        return rows;
    }
    // Days are those of the city: several of them are counted from its midnights.
    let zero_ms = match rows.first() {
        Some(first) if step_ms > DAY_MS => first.start.0,
        _ => 0,
    };
    let place = |row: &SeriesPoint| (row.end.0 - zero_ms - 1).div_euclid(step_ms);
    let chunks = rows.chunk_by(|one, next| place(one) == place(next));
    let merged = chunks.filter_map(|chunk| {
        let start_ms = chunk.first().map(place)? * step_ms + zero_ms;
        SeriesPoint::roll_up(chunk, TimeMs(start_ms), TimeMs(start_ms + step_ms))
    });
    merged.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use egret_shared::flags::Flags;
    use egret_shared::level::Level;
    use egret_shared::metric::MetricPoint;

    fn minute(n: i64, v: f64) -> SeriesPoint {
        let point = MetricPoint {
            metric: "m".into(),
            area: "900000".into(),
            start: TimeMs((n - 4) * MINUTE_MS),
            end: TimeMs((n + 1) * MINUTE_MS),
            v: Some(v),
            level: Level::Normal,
            sources: 1,
            expected: 1,
            latest_at: None,
            flags: Flags::NONE,
            typical: None,
        };
        SeriesPoint::of_window(&point, point.end)
    }

    #[test]
    fn a_step_of_several_minutes_merges_the_windows_that_end_in_it() {
        let rows: Vec<_> = (0_u8..12).map(|n| minute(n.into(), n.into())).collect();
        let points = stepped(rows, Span(5 * MINUTE_MS));
        let seen: Vec<_> = points
            .iter()
            .map(|p| (p.start.0 / MINUTE_MS, p.v, p.least, p.mean, p.greatest))
            .collect();
        assert_eq!(
            seen,
            [
                (0, Some(4.0), Some(0.0), Some(2.0), Some(4.0)),
                (5, Some(9.0), Some(5.0), Some(7.0), Some(9.0)),
                (10, Some(11.0), Some(10.0), Some(10.5), Some(11.0)),
            ]
        );
    }

    #[test]
    fn minutes_stay_the_windows_that_they_are() {
        let rows = vec![minute(0, 1.0), minute(1, 2.0)];
        assert_eq!(stepped(rows.clone(), Span(MINUTE_MS)), rows);
    }

    #[test]
    fn without_a_step_the_finest_that_fits_is_taken() {
        let range = |days: i64| step(TimeMs(0), TimeMs(days * DAY_MS), None).unwrap();
        assert_eq!(range(7), Span(MINUTE_MS));
        assert_eq!(range(8), Span(HOUR_MS));
        assert_eq!(range(3_650), Span(DAY_MS));
        assert!(step(TimeMs(0), TimeMs(8 * DAY_MS), Some(Span(MINUTE_MS))).is_err());
        assert!(step(TimeMs(5), TimeMs(5), None).is_err());
    }
}
