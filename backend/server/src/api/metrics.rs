//! A metric in an area: now, over time, where it comes from, and what is to be expected; and the
//! recent past of many.

mod forecast;
mod lineage;
mod point;
mod recent;
mod series;

use axum::Json;
use axum::extract::State;
use egret_shared::id::{AreaCode, MetricId};
use egret_shared::package::metric::MetricDef;
use serde::{Deserialize, Serialize};

pub(super) use forecast::forecast;
pub(super) use lineage::lineage;
pub(super) use recent::recent;
pub(super) use series::series;

use super::Context;
use super::extract::{Path, Query};
use super::problem::Problem;
use crate::auth::Caller;
use point::Point;

#[derive(Debug, Deserialize)]
pub(super) struct NowQuery {
    area: Option<AreaCode>,
}

/// A metric's live point in an area.
#[derive(Debug, Serialize)]
pub(super) struct Now {
    metric: MetricId,
    area: AreaCode,
    unit: String,
    points: Vec<Point>,
}

/// `GET /api/v1/metrics/{id}/now?area=CODE`: the window that ends now, with all that has arrived.
pub(super) async fn now(
    State(context): State<Context>,
    caller: Caller,
    Path(id): Path<String>,
    Query(query): Query<NowQuery>,
) -> Result<Json<Now>, Problem> {
    let (def, area) = known(&context, &caller, &id, query.area)?;
    let (metric, place) = (def.id.clone(), area.clone());
    let point = context
        .city
        .ask(move |city| city.metric_now(&metric, &place))
        .await?;
    Ok(Json(Now {
        metric: def.id.clone(),
        area,
        unit: def.unit.clone(),
        points: point
            .and_then(|point| caller.sight.point(point))
            .into_iter()
            .map(Point::from)
            .collect(),
    }))
}

/// The metric and area of a request, if both exist and may be seen. What may not be is answered as
/// what does not exist; without an area, the widest that may be seen is meant.
fn known<'a>(
    context: &'a Context,
    caller: &Caller,
    id: &str,
    area: Option<AreaCode>,
) -> Result<(&'a MetricDef, AreaCode), Problem> {
    let (tree, sight) = (context.package.area_tree(), &caller.sight);
    let home = || tree.code(sight.home()).cloned();
    if area.is_none() && !sight.area(sight.home()) {
        // The city's code is not theirs to know.
        return Err(no_metric(id));
    }
    let area = area
        .or_else(home)
        .unwrap_or_else(|| context.package.city.root.clone());
    if !tree.index_of(&area).is_some_and(|idx| sight.area(idx)) {
        return Err(Problem::missing(format!("there is no area \"{area}\"")));
    }
    let def = context
        .package
        .metrics
        .iter()
        .find(|metric| metric.id.as_str() == id)
        .filter(|def| sight.metric(&def.id, &area));
    def.map(|def| (def, area)).ok_or_else(|| no_metric(id))
}

fn no_metric(id: &str) -> Problem {
    Problem::missing(format!(
        "there is no metric \"{id}\"; /api/v1/catalog lists them"
    ))
}
