//! Where a number comes from: its formula, its inputs, the observations behind it, and the way to
//! their raw payloads. Number → inputs → observations → payload: three requests at most.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use egret_city::City;
use egret_city::lineage::{Input, Kind, Traced};
use egret_shared::feed::FeedHealth;
use egret_shared::id::{AreaCode, DepartmentId, MetricId};
use egret_shared::package::metric::MetricDef;
use egret_shared::text::Text;
use egret_shared::time::{Span, TimeMs};
use serde::{Deserialize, Serialize};

use super::known;
use super::point::Point;
use crate::api::Context;
use crate::api::extract::{Path, Query};
use crate::api::page::{Page, PageQuery};
use crate::api::problem::Problem;
use crate::auth::Caller;
use crate::auth::sight::Sight;
use crate::clock;
use crate::limits::LINEAGE_ROWS_MAX;
use crate::lineage::{Areas, Found, Wanted, observations};
use crate::store::{Resolution, SeriesFilter, Store};

/// How far before `at` the newest closed window may end: long windows close seldom.
const CLOSED_WITHIN: Span = Span(3_600_000);

/// Points that end within [`CLOSED_WITHIN`]: one a minute, and the ends of short windows.
const CLOSED_POINTS: usize = 4_000;

#[derive(Debug, Deserialize)]
pub(in crate::api) struct LineageQuery {
    area: Option<AreaCode>,
    at: Option<TimeMs>,
    #[serde(flatten)]
    page: PageQuery,
}

/// Where a number comes from.
#[derive(Debug, Serialize)]
pub(in crate::api) struct Answer {
    metric: MetricId,
    area: AreaCode,
    name: Text,
    about: Option<Text>,
    version: u32,
    owner: Option<DepartmentId>,
    unit: String,
    kind: Kind,
    formula: Text,
    definition: MetricDef,
    /// How far it has come in learning what is usual at this hour; absent if it does not learn.
    #[serde(skip_serializing_if = "Option::is_none")]
    learning: Option<Learning>,
    /// The window whose number this is, also if it has none.
    window: Option<Window>,
    point: Option<Point>,
    inputs: Vec<InputPoint>,
    /// How the feeds do whose quality it tells.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    feeds: Vec<FeedHealth>,
    observations: Page<Row>,
}

/// How many weeks of this hour of the week are known.
#[derive(Clone, Copy, Debug, Serialize)]
struct Learning {
    weeks: u8,
    /// From so many on something is called usual.
    needed: u8,
}

/// A window of event time.
#[derive(Clone, Copy, Debug, Serialize)]
struct Window {
    /// Inclusive.
    start: TimeMs,
    /// Exclusive.
    end: TimeMs,
}

/// A metric that the number is made of, in the same area at the same time.
#[derive(Debug, Serialize)]
struct InputPoint {
    metric: MetricId,
    name: Text,
    unit: String,
    point: Option<Point>,
    /// How much it weighs in an index.
    #[serde(skip_serializing_if = "Option::is_none")]
    weight: Option<f64>,
    /// What its value is worth there, 0 to 100.
    #[serde(skip_serializing_if = "Option::is_none")]
    score: Option<f64>,
    /// Its own lineage.
    href: String,
}

/// An observation, and where its message is.
#[derive(Debug, Serialize)]
struct Row {
    #[serde(flatten)]
    traced: Traced,
    raw: String,
}

/// `GET /api/v1/metrics/{id}/lineage?area=CODE[&at&cursor&limit]`: of the number that closed last
/// at `at`, or of the one that ends now.
pub(in crate::api) async fn lineage(
    State(context): State<Context>,
    caller: Caller,
    Path(id): Path<String>,
    Query(query): Query<LineageQuery>,
) -> Result<Json<Answer>, Problem> {
    let (def, area) = known(&context, &caller, &id, query.area)?;
    let limit = query.page.limit_up_to(LINEAGE_ROWS_MAX)?;
    let after = query.page.cursor()?.and_then(|seq| seq.try_into().ok());
    let moment = Moment {
        context: &context,
        sight: &caller.sight,
        area: &area,
        at: query.at,
    };
    let point = moment.point(&def.id).await?;
    let window = moment.window(&def.id, point.as_ref());
    let wanted = window.map(|window| Wanted {
        metric: def.id.clone(),
        area: area.clone(),
        start: window.start,
        end: window.end,
        after: after.unwrap_or(0),
        limit,
        sight: Arc::clone(&caller.sight),
    });
    let found = found(&context, wanted).await?;
    let lineage = &context.lineage;
    Ok(Json(Answer {
        metric: def.id.clone(),
        name: def.name.clone(),
        about: def.about.clone(),
        version: def.version,
        owner: lineage.owner(&def.id),
        unit: def.unit.clone(),
        kind: lineage.kind(&def.id).unwrap_or(Kind::Aggregated),
        formula: lineage.formula(&def.id).unwrap_or_default(),
        definition: def.clone(),
        learning: moment.learning(&def.id).await?,
        window,
        point,
        inputs: moment.inputs(&def.id).await?,
        feeds: feeds(&context, &caller.sight, &def.id).await?,
        observations: page(found),
        area,
    }))
}

/// An area at a time.
struct Moment<'a> {
    context: &'a Context,
    sight: &'a Arc<Sight>,
    area: &'a AreaCode,
    /// Absent: now.
    at: Option<TimeMs>,
}

impl Moment<'_> {
    /// The metric's number.
    async fn point(&self, metric: &MetricId) -> Result<Option<Point>, Problem> {
        let (metric, area) = (metric.clone(), self.area.clone());
        let Some(at) = self.at else {
            let ask = move |city: &City| city.metric_now(&metric, &area);
            let point = self.context.city.ask(ask).await?;
            let seen = point.and_then(|point| self.sight.point(point));
            return Ok(seen.map(Point::from));
        };
        let withheld_below = self.sight.withheld_below(&metric, &area);
        let filter = SeriesFilter {
            metric,
            area,
            from: at.minus(CLOSED_WITHIN),
            to: at,
            resolution: Resolution::Minute,
            as_of: None,
            limit: CLOSED_POINTS,
        };
        let store = self.context.store.clone();
        let rows = tokio::task::spawn_blocking(move || store.series(&filter)).await;
        let rows = rows.map_err(|error| Problem::given_up(&error))??;
        let mut last = rows.into_iter().next_back();
        if let (Some(point), Some(least)) = (&mut last, withheld_below) {
            point.withhold_below(least);
        }
        Ok(last.map(Point::from))
    }

    async fn learning(&self, metric: &MetricId) -> Result<Option<Learning>, Problem> {
        let (metric, area) = (metric.clone(), self.area.clone());
        let ask = move |city: &City| city.baseline_weeks(&metric, &area);
        let weeks = self.context.city.ask(ask).await?;
        Ok(weeks.map(|(weeks, needed)| Learning { weeks, needed }))
    }

    /// The window of that number, or the one that it would have.
    fn window(&self, metric: &MetricId, point: Option<&Point>) -> Option<Window> {
        let at = self.at.unwrap_or_else(clock::now);
        let (start, end) = self.context.lineage.window(metric, at)?;
        Some(point.map_or(Window { start, end }, |point| Window {
            start: point.start,
            end: point.end,
        }))
    }

    async fn inputs(&self, metric: &MetricId) -> Result<Vec<InputPoint>, Problem> {
        let mut points = Vec::new();
        let inputs = self.context.lineage.inputs(metric).into_iter();
        for input in inputs.filter(|input| self.sight.metric(&input.metric, self.area)) {
            let point = self.point(&input.metric).await?;
            points.extend(self.input(input, point));
        }
        Ok(points)
    }

    fn input(&self, input: Input, point: Option<Point>) -> Option<InputPoint> {
        let metrics = &self.context.package.metrics;
        let def = metrics.iter().find(|def| def.id == input.metric)?;
        let v = point.as_ref().and_then(|point| point.v);
        let at = self.at.map_or_else(String::new, |at| format!("&at={at}"));
        Some(InputPoint {
            name: def.name.clone(),
            unit: def.unit.clone(),
            weight: input.part.as_ref().map(|part| part.weight),
            score: input.part.as_ref().zip(v).map(|(part, v)| part.score(v)),
            href: format!("/api/v1/metrics/{}/lineage?area={}{at}", def.id, self.area),
            metric: input.metric,
            point,
        })
    }
}

/// The observations that are wanted, if any.
async fn found(context: &Context, wanted: Option<Wanted>) -> Result<Found, Problem> {
    let Some(wanted) = wanted else {
        return Ok(Found::default());
    };
    let mut areas = Areas::new(context.city.clone(), tokio::runtime::Handle::current());
    let store: Arc<dyn Store> = context.store.clone();
    let lineage = Arc::clone(&context.lineage);
    let found =
        tokio::task::spawn_blocking(move || observations(&lineage, &*store, &wanted, &mut areas));
    Ok(found.await.map_err(|error| Problem::given_up(&error))??)
}

/// Health of the feeds whose quality `metric` tells.
async fn feeds(
    context: &Context,
    sight: &Sight,
    metric: &MetricId,
) -> Result<Vec<FeedHealth>, Problem> {
    let mut ids = context.lineage.feeds(metric);
    ids.retain(|feed| sight.feed(feed));
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let ask = move |city: &City| {
        let feeds = city.feeds().filter(|health| ids.contains(&health.feed));
        feeds.collect()
    };
    Ok(context.city.ask(ask).await?)
}

fn page(found: Found) -> Page<Row> {
    let row = |traced: Traced| Row {
        raw: format!("/api/v1/raw/{}", traced.seq),
        traced,
    };
    Page {
        items: found.rows.into_iter().map(row).collect(),
        next: found.next.map(|seq| seq.to_string()),
    }
}
