//! The city package as screens need it: catalog, areas, base map.

use axum::Json;
use axum::extract::State;
use axum::http::header;
use axum::response::IntoResponse;
use egret_shared::catalog::{Area, Catalog};

use super::Context;
use super::extract::Path;
use super::problem::Problem;
use crate::auth::Grant;

/// `GET /api/v1/catalog`.
pub(super) async fn catalog(
    State(context): State<Context>,
    grant: Grant,
) -> Result<Json<Catalog>, Problem> {
    if !grant.sees_city() {
        return Err(Problem::forbidden());
    }
    Ok(Json(context.package.catalog()))
}

/// `GET /api/v1/areas`: the area tree without polygons, each area after its parent.
pub(super) async fn areas(
    State(context): State<Context>,
    grant: Grant,
) -> Result<Json<Vec<Area>>, Problem> {
    if !grant.sees_city() {
        return Err(Problem::forbidden());
    }
    Ok(Json(context.package.catalog().areas))
}

/// `GET /api/v1/areas.geojson`: the areas with their polygons, as the package has them.
pub(super) async fn areas_geojson(
    State(context): State<Context>,
    grant: Grant,
) -> Result<impl IntoResponse, Problem> {
    if !grant.sees_city() {
        return Err(Problem::forbidden());
    }
    geojson(&context, "areas.geojson")
}

/// `GET /map/{file}`: a layer of the base map. Only files that `map/layers.toml` lists.
pub(super) async fn map_file(
    State(context): State<Context>,
    Path(file): Path<String>,
) -> Result<impl IntoResponse, Problem> {
    if !context
        .package
        .layers
        .iter()
        .any(|layer| layer.file == file)
    {
        return Err(Problem::missing(format!("the map has no layer \"{file}\"")));
    }
    geojson(&context, &format!("map/{file}"))
}

fn geojson(context: &Context, path: &str) -> Result<impl IntoResponse + use<>, Problem> {
    let bytes = context.files.get(path).map(<[u8]>::to_vec);
    let bytes = bytes.ok_or_else(|| Problem::missing(format!("the package has no {path}")))?;
    Ok(([(header::CONTENT_TYPE, "application/geo+json")], bytes))
}
