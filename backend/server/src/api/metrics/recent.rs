//! The recent past of many metrics at once, in columns: what a scene's charts are drawn from.
//!
//! Asked for one by one, with everything that history knows of a point, a scene's charts would be
//! some 80 requests and 7 MB, again for each wall and minute. Here they are one request, and what
//! has become known since the last one is a few points each.

use std::collections::BTreeMap;
use std::sync::atomic::Ordering;

use axum::Json;
use axum::extract::State;
use egret_shared::flags::Flags;
use egret_shared::id::{AreaCode, MetricId};
use egret_shared::metric::Typical;
use egret_shared::time::TimeMs;
use serde::Serialize;

use super::known;
use crate::api::Context;
use crate::api::extract::Query;
use crate::api::problem::Problem;
use crate::auth::Caller;
use crate::clock;
use crate::limits::{RECENT_POINTS_MAX, RECENT_SERIES_MAX};
use crate::store::{RecentFilter, SeriesPoint};

const MINUTE_MS: i64 = 60_000;

/// The recent past of metrics in areas.
#[derive(Debug, Serialize)]
pub(in crate::api) struct RecentAnswer {
    /// The full minute from which the columns count.
    from: TimeMs,
    /// What to ask for next as `known_since`; absent if nothing was found, or windows still come that
    /// were known before.
    #[serde(skip_serializing_if = "Option::is_none")]
    known_at: Option<TimeMs>,
    /// In the order of the question; what is not there or not theirs to see is left out.
    items: Vec<Item>,
}

/// Closed windows of a metric in an area, in columns of one length, oldest first.
#[derive(Debug, Serialize)]
struct Item {
    metric: MetricId,
    area: AreaCode,
    unit: String,
    /// The end of each window: so many minutes after `from`.
    minute: Vec<i64>,
    v: Vec<Option<f64>>,
    /// Absent if none of them has any.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    flags: Vec<Flags>,
    /// Absent if nothing is known to be usual.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    typical: Vec<Option<Typical>>,
}

/// What is asked for.
#[derive(Debug, Default, PartialEq)]
struct Question {
    /// Metrics and areas, as they came.
    of: Vec<(String, AreaCode)>,
    from: Option<TimeMs>,
    known_since: Option<TimeMs>,
}

/// `GET /api/v1/recent?of=METRIC@AREA&of=…&from[&known_since]`.
pub(in crate::api) async fn recent(
    State(context): State<Context>,
    caller: Caller,
    Query(pairs): Query<Vec<(String, String)>>,
) -> Result<Json<RecentAnswer>, Problem> {
    let question = Question::read(pairs)?;
    let from = question.begin(clock::now())?;
    let mut asked = Vec::new();
    let mut filters: BTreeMap<MetricId, RecentFilter> = BTreeMap::new();
    for (id, area) in &question.of {
        // What is not theirs to see is answered as what does not exist: with nothing.
        let Ok((def, area)) = known(&context, &caller, id, Some(area.clone())) else {
            continue;
        };
        let filter = filters
            .entry(def.id.clone())
            .or_insert_with(|| RecentFilter {
                metric: def.id.clone(),
                areas: Vec::new(),
                from,
                known_since: question.known_since,
            });
        filter.areas.push(area.clone());
        asked.push((def, area));
    }
    let store = context.store.clone();
    // As it is before anything is read: what comes meanwhile may be missing.
    let is_whole = context.is_past_whole.load(Ordering::Acquire);
    let filters: Vec<_> = filters.into_values().collect();
    let read = tokio::task::spawn_blocking(move || {
        let found = store.recent(&filters)?;
        Ok::<_, Problem>((filters, found))
    });
    let (filters, found) = read.await.map_err(|error| Problem::given_up(&error))??;
    // Of the points that are told alone: a page of areas that are not theirs to see counts nothing.
    let known_at = next(&found, is_whole);
    let mut series = BTreeMap::new();
    for (filter, recent) in filters.into_iter().zip(found) {
        for (area, points) in filter.areas.into_iter().zip(recent) {
            series.insert((filter.metric.clone(), area), points);
        }
    }
    let items = asked.into_iter().map(|(def, area)| {
        let mut points = series
            .remove(&(def.id.clone(), area.clone()))
            .unwrap_or_default();
        if let Some(least) = caller.sight.withheld_below(&def.id, &area) {
            for point in &mut points {
                point.withhold_below(least);
            }
        }
        Item::new(def.id.clone(), area, def.unit.clone(), &points, from)
    });
    Ok(Json(RecentAnswer {
        from,
        known_at,
        items: items.collect(),
    }))
}

/// What to ask for next: whatever comes from now on was not known before the newest that was found,
/// unless the past is not whole yet.
fn next(found: &[Vec<Vec<SeriesPoint>>], is_whole: bool) -> Option<TimeMs> {
    let points = found.iter().flatten().flatten();
    let known_at = points.map(|point| point.known_at).max();
    known_at.filter(|_| is_whole)
}

impl Question {
    fn read(pairs: Vec<(String, String)>) -> Result<Self, Problem> {
        let mut question = Self::default();
        for (name, value) in pairs {
            match name.as_str() {
                "of" => {
                    let Some((metric, area)) = value.rsplit_once('@') else {
                        return Err(Problem::bad(format!("of={value} is not METRIC@AREA")));
                    };
                    let pair = (metric.to_owned(), AreaCode::new(area));
                    if !question.of.contains(&pair) {
                        question.of.push(pair);
                    }
                }
                "from" => question.from = Some(time(&name, &value)?),
                "known_since" => question.known_since = Some(time(&name, &value)?),
                _ => {
                    return Err(Problem::bad(format!(
                        "there is no \"{name}\": this knows of, from, known_since"
                    )));
                }
            }
            if question.of.len() > RECENT_SERIES_MAX {
                return Err(Problem::bad(format!(
                    "more than {RECENT_SERIES_MAX} of=METRIC@AREA: ask in several requests"
                )));
            }
        }
        Ok(question)
    }

    /// The full minute from which on points are told.
    fn begin(&self, now: TimeMs) -> Result<TimeMs, Problem> {
        let Some(from) = self.from else {
            return Err(Problem::bad("from=TIME is missing"));
        };
        let minutes = now.since(from).ms() / MINUTE_MS;
        let n = i64::try_from(self.of.len()).unwrap_or(i64::MAX);
        if minutes.saturating_mul(n) > RECENT_POINTS_MAX {
            return Err(Problem::bad(format!(
                "{n} series from {from} are {minutes} minutes each, {RECENT_POINTS_MAX} are told \
                 in all: ask for fewer, or for less of the past"
            )));
        }
        Ok(TimeMs(from.0.div_euclid(MINUTE_MS) * MINUTE_MS))
    }
}

fn time(name: &str, value: &str) -> Result<TimeMs, Problem> {
    TimeMs::from_rfc3339(value)
        .map_err(|error| Problem::bad(format!("{name}={value} is no time: {error}")))
}

impl Item {
    fn new(
        metric: MetricId,
        area: AreaCode,
        unit: String,
        points: &[SeriesPoint],
        from: TimeMs,
    ) -> Self {
        let minute = |point: &SeriesPoint| point.end.since(from).ms() / MINUTE_MS;
        let flags = points.iter().map(|point| point.flags);
        let has_flags = points.iter().any(|point| point.flags != Flags::NONE);
        let typical = points.iter().map(|point| point.typical);
        let has_typical = points.iter().any(|point| point.typical.is_some());
        Self {
            metric,
            area,
            unit,
            minute: points.iter().map(minute).collect(),
            v: points.iter().map(|point| point.v).collect(),
            flags: flags.filter(|_| has_flags).collect(),
            typical: typical.filter(|_| has_typical).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use egret_shared::level::Level;
    use egret_shared::metric::MetricPoint;

    use super::*;

    fn read(query: &[(&str, &str)]) -> Result<Question, String> {
        let pairs = query
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        Question::read(pairs.collect()).map_err(|problem| problem.detail().to_owned())
    }

    #[test]
    fn a_pair_is_asked_for_once_and_a_metric_may_have_any_name() {
        let read = read(&[
            ("of", "a@b@900000"),
            ("of", "a@b@900000"),
            ("of", "c@900001"),
        ]);
        let pairs = [("a@b", "900000"), ("c", "900001")];
        let pairs = pairs.map(|(metric, area)| (metric.to_owned(), AreaCode::new(area)));
        assert_eq!(read.unwrap().of, pairs);
    }

    #[test]
    fn a_mistake_is_named() {
        for (query, place) in [
            (("of", "speed"), "of=speed is not METRIC@AREA"),
            (("from", "noon"), "from=noon is no time"),
            (("step", "1h"), "there is no \"step\""),
        ] {
            let said = read(&[query]).unwrap_err();
            assert!(said.starts_with(place), "{said}");
        }
    }

    #[test]
    fn as_long_as_the_past_is_not_whole_nobody_is_told_to_ask_for_less_of_it() {
        let point = |known_ms: i64| {
            let window = MetricPoint {
                metric: MetricId::new("speed"),
                area: AreaCode::new("900000"),
                start: TimeMs(0),
                end: TimeMs(MINUTE_MS),
                v: Some(1.0),
                level: Level::Normal,
                sources: 1,
                expected: 1,
                latest_at: None,
                flags: Flags::NONE,
                typical: None,
            };
            SeriesPoint::of_window(&window, TimeMs(known_ms))
        };
        let found = [vec![vec![point(5)], vec![point(9), point(7)]], Vec::new()];
        assert_eq!(next(&found, true), Some(TimeMs(9)));
        assert_eq!(next(&found, false), None);
        assert_eq!(next(&[], true), None);
    }

    #[test]
    fn an_answer_has_an_end() {
        let many: Vec<_> = (0..=RECENT_SERIES_MAX).map(|n| format!("m{n}@1")).collect();
        let many: Vec<_> = many.iter().map(|of| ("of", of.as_str())).collect();
        assert!(read(&many).unwrap_err().contains("in several requests"));
        let now = TimeMs(1_782_057_600_000);
        let question = |days: i64| Question {
            of: (0..80).map(|n| (format!("m{n}"), "1".into())).collect(),
            from: Some(TimeMs(now.0 - days * 86_400_000 + 1)),
            known_since: None,
        };
        assert!(question(1).begin(now).is_err());
        let fewer = Question {
            of: question(1).of.into_iter().take(60).collect(),
            ..question(1)
        };
        assert_eq!(fewer.begin(now).unwrap(), TimeMs(now.0 - 86_400_000));
        assert!(Question::default().begin(now).is_err());
    }
}
