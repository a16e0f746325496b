//! The city package as screens need it: catalog, areas, base map.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use egret_shared::catalog::{Area, Catalog};
use egret_shared::package::rule::ZoneDef;
use serde_json::Value;

use super::Context;
use super::extract::Path;
use super::problem::Problem;
use super::tiles;
use crate::auth::Caller;

/// The package's folder of zones.
const ZONES: &str = "zones/";

/// `GET /api/v1/catalog`.
pub(super) async fn catalog(
    State(context): State<Context>,
    caller: Caller,
) -> Result<Json<Catalog>, Problem> {
    if caller.sight.is_nothing() {
        return Err(Problem::forbidden());
    }
    let whole = Catalog {
        watch: context.walls.watch(),
        ..context.package.catalog()
    };
    Ok(Json(caller.catalog(whole)))
}

/// `GET /api/v1/areas`: the area tree without polygons, each area after its parent.
pub(super) async fn areas(State(context): State<Context>, caller: Caller) -> Json<Vec<Area>> {
    Json(caller.sight.areas(context.package.catalog().areas))
}

/// `GET /api/v1/areas.geojson`: the areas with their polygons, as the package has them.
pub(super) async fn areas_geojson(
    State(context): State<Context>,
    caller: Caller,
) -> Result<Response, Problem> {
    let file = "areas.geojson";
    if caller.sight.is_everything() {
        return geojson(&context, file);
    }
    let bytes = context.files.get(file).unwrap_or_default();
    let mut areas: Value = serde_json::from_slice(bytes).map_err(|error| {
        // It was read when the server started.
        tracing::error!(%error, file, "no JSON any more");
        Problem::missing(format!("the package has no {file}"))
    })?;
    caller.sight.cut_features(&mut areas);
    let kind = [(header::CONTENT_TYPE, "application/geo+json")];
    Ok((kind, areas.to_string()).into_response())
}

/// `GET /map/{file}`: a layer of the base map, a zone, or a tile, `/map/{archive}/{z}/{x}/{y}`. Only of
/// files that `map/layers.toml` lists, and zones of rules that the caller sees.
pub(super) async fn map_file(
    State(context): State<Context>,
    caller: Caller,
    Path(file): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    if let Some(zone) = file.strip_prefix(ZONES) {
        let rules = caller.catalog(context.package.catalog()).rules.rules;
        let is_seen = rules.iter().any(|rule| match &rule.zone {
            Some(ZoneDef::File(name)) => name == zone,
            _ => false,
        });
        if !is_seen {
            return Err(Problem::missing(format!("there is no zone \"{zone}\"")));
        }
        return geojson(&context, &file);
    }
    if let Some((archive, place)) = tiles::split(&file) {
        return tiles::tile(&context, archive, place, &headers).await;
    }
    let mut layers = context.package.layers.iter();
    if !layers.any(|layer| layer.file == file) {
        return Err(Problem::missing(format!("the map has no layer \"{file}\"")));
    }
    geojson(&context, &format!("map/{file}"))
}

fn geojson(context: &Context, path: &str) -> Result<Response, Problem> {
    if context.files.tiles(path).is_some() {
        let detail = format!("{path} is served tile by tile: add /{{z}}/{{x}}/{{y}}");
        return Err(Problem::missing(detail));
    }
    let bytes = context.files.get(path).map(<[u8]>::to_vec);
    let bytes = bytes.ok_or_else(|| Problem::missing(format!("the package has no {path}")))?;
    let kind = [(header::CONTENT_TYPE, "application/geo+json")];
    Ok((kind, bytes).into_response())
}
