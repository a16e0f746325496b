//! Walls that somebody may drive, and what they are told. It changes nothing of the city, so none of
//! it is journaled; the audit trail has every order.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use egret_shared::access::Scope;
use egret_shared::id::{IncidentId, SceneId};
use egret_shared::people::Outcome;
use egret_shared::time::TimeMs;
use egret_shared::wall::{Drive, DriveOrder, WallRow, WallState};
use smol_str::SmolStr;

use super::Context;
use super::extract::{JsonBody, Path, Query};
use super::page::{Page, PageQuery};
use super::problem::Problem;
use crate::auth::Caller;
use crate::auth::walls::KnownWall;
use crate::clock;
use crate::limits::DRIVE_FOR;
use crate::walls::TooManyWalls;

/// `GET /api/v1/walls`: those that whoever asks may drive.
pub(super) async fn list(
    State(context): State<Context>,
    caller: Caller,
    Query(query): Query<PageQuery>,
) -> Result<Json<Page<WallRow>>, Problem> {
    let now = clock::now();
    let walls = context.access.walls_for(&caller, &context.walls);
    let rows = walls.into_iter().map(|wall| row(&context, wall, now));
    query.page(rows).map(Json)
}

impl From<TooManyWalls> for Problem {
    fn from(full: TooManyWalls) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, full.to_string())
    }
}

/// `POST /api/v1/walls/{id}/drive`. An order that can be obeyed is a line of the trail first. It is
/// obeyed as the wall stands by then, for somebody else's may have come in between.
pub(super) async fn drive(
    State(context): State<Context>,
    caller: Caller,
    Path(id): Path<SmolStr>,
    JsonBody(order): JsonBody<DriveOrder>,
) -> Result<Json<WallRow>, Problem> {
    if !caller.drives_walls() {
        return Err(Problem::forbidden());
    }
    let wall = context.access.wall_for(&caller, &id);
    let wall = wall.ok_or_else(|| Problem::missing(format!("there is no wall {id}")))?;
    let now = clock::now();
    // A place among the walls, which nobody takes from this one before it has been told.
    let _place = context.walls.open(&id, now)?;
    let (state, _) = context.walls.state(&id, now);
    let scenes = scenes(&context, &wall);
    wanted(&order, &state, &scenes)?;
    if let DriveOrder::Spotlight(incident) = &order {
        may_be_shown(&context, &caller, &wall, incident).await?;
    }
    let detail = format!("{}: {}", wall.name, words(&order));
    let line =
        |outcome, detail: String| caller.line(clock::now(), ("wall.drive", &id), outcome, detail);
    context
        .note_now(line(Outcome::Done, detail.clone()))
        .await?;
    let now = clock::now();
    let by = caller.person(None).name;
    let driven = context.walls.drive(&id, now, |state| {
        let (scene, spotlight) = wanted(&order, state, &scenes)?;
        let is_told = scene.is_some() || spotlight.is_some();
        Ok::<_, Problem>(is_told.then(|| Drive {
            scene,
            spotlight,
            by,
            at: now,
            until: now.plus(DRIVE_FOR),
        }))
    });
    if let Err(problem) = driven {
        let detail = format!("{detail}; {}", problem.detail());
        context.note_done(line(Outcome::Failed, detail)).await;
        return Err(problem);
    }
    Ok(Json(row(&context, wall, now)))
}

fn row(context: &Context, wall: KnownWall, now: TimeMs) -> WallRow {
    let (state, online) = context.walls.state(&wall.id, now);
    WallRow {
        scenes: scenes(context, &wall),
        id: wall.id,
        name: wall.name,
        online,
        state,
    }
}

/// The scenes that a wall may show.
fn scenes(context: &Context, wall: &KnownWall) -> Vec<SceneId> {
    let may = |scene: &&SceneId| match &wall.scenes {
        Scope::All => true,
        Scope::Only(named) => named.contains(scene),
    };
    let all = context.package.scenes.iter().map(|scene| &scene.id);
    all.filter(may).cloned().collect()
}

/// The scene and the incident that a wall is to show once `order` is obeyed.
fn wanted(
    order: &DriveOrder,
    state: &WallState,
    scenes: &[SceneId],
) -> Result<(Option<SceneId>, Option<IncidentId>), Problem> {
    let told = state.drive.as_ref();
    let scene = told.and_then(|drive| drive.scene.clone());
    let spotlight = told.and_then(|drive| drive.spotlight.clone());
    let shown = || {
        let shown = state.shows.as_ref().map(|shows| shows.scene.clone());
        scene.clone().or(shown)
    };
    let away = || {
        let detail = "the wall is not there, so nobody knows what it shows: name a scene";
        Problem::new(StatusCode::UNPROCESSABLE_ENTITY, detail).with_code("wall_away")
    };
    Ok(match order {
        DriveOrder::Scene(scene) if !scenes.contains(scene) => {
            let detail = format!("scene: this wall has no scene \"{scene}\"");
            let problem = Problem::new(StatusCode::UNPROCESSABLE_ENTITY, detail);
            return Err(problem.with_code("no_scene"));
        }
        DriveOrder::Scene(scene) => (Some(scene.clone()), spotlight),
        DriveOrder::Step(step) => {
            let shown = shown().ok_or_else(away)?;
            (step.of(scenes, Some(&shown)).cloned(), spotlight)
        }
        DriveOrder::Hold(true) => (Some(shown().ok_or_else(away)?), spotlight),
        DriveOrder::Hold(false) => (None, spotlight),
        DriveOrder::Spotlight(incident) => (scene, Some(incident.clone())),
        DriveOrder::Release => (None, None),
    })
}

/// An incident is put up only by who sees it, and only where it may be seen.
async fn may_be_shown(
    context: &Context,
    caller: &Caller,
    wall: &KnownWall,
    incident: &IncidentId,
) -> Result<(), Problem> {
    let own = std::sync::Arc::clone(&caller.sight);
    let walls = context.access.sights.of(&wall.grants);
    let id = incident.clone();
    let seen = context.city.ask(move |city| {
        let incident = city.incident(&id)?;
        own.has_incident(&incident)
            .then(|| walls.has_incident(&incident))
    });
    match seen.await? {
        Some(true) => Ok(()),
        Some(false) => {
            let detail = format!("{incident} may not be seen on {}", wall.name);
            let problem = Problem::new(StatusCode::UNPROCESSABLE_ENTITY, detail);
            Err(problem.with_code("not_for_this_wall"))
        }
        None => Err(Problem::missing(format!("there is no incident {incident}"))),
    }
}

/// An order in the audit trail.
fn words(order: &DriveOrder) -> String {
    match order {
        DriveOrder::Scene(scene) => format!("scene {scene}"),
        DriveOrder::Step(step) => format!("step {step:?}").to_lowercase(),
        DriveOrder::Hold(true) => "hold".to_owned(),
        DriveOrder::Hold(false) => "go on".to_owned(),
        DriveOrder::Spotlight(incident) => format!("spotlight {incident}"),
        DriveOrder::Release => "release".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use egret_shared::wall::{Showing, Step, Way};

    use super::*;

    fn state(driven: Option<&str>, shown: Option<&str>) -> WallState {
        WallState {
            drive: driven.map(|scene| Drive {
                scene: Some(scene.into()),
                spotlight: Some("1".into()),
                by: "lin".to_owned(),
                at: TimeMs(0),
                until: TimeMs(1),
            }),
            shows: shown.map(|scene| Showing {
                scene: scene.into(),
                way: Way::Turns,
                incident: None,
            }),
        }
    }

    #[test]
    fn orders_build_on_what_the_wall_was_told_and_else_on_what_it_shows() {
        let scenes: Vec<SceneId> = ["a", "b", "c"].map(Into::into).to_vec();
        let scene = |order, state: &WallState| {
            let (scene, _) = wanted(&order, state, &scenes).unwrap();
            scene.map(|scene| scene.to_string())
        };
        let turning = state(None, Some("b"));
        let next = || DriveOrder::Step(Step::Next);
        assert_eq!(scene(next(), &turning).as_deref(), Some("c"));
        // Two presses before the wall has turned once are two steps.
        assert_eq!(
            scene(next(), &state(Some("c"), Some("b"))).as_deref(),
            Some("a")
        );
        assert_eq!(
            scene(DriveOrder::Hold(true), &turning).as_deref(),
            Some("b")
        );
        assert_eq!(
            scene(DriveOrder::Hold(false), &state(Some("a"), None)),
            None
        );
        let away = wanted(&next(), &state(None, None), &scenes).unwrap_err();
        assert_eq!(away.code(), Some("wall_away"));
        let foreign = wanted(&DriveOrder::Scene("x".into()), &turning, &scenes).unwrap_err();
        assert_eq!(foreign.code(), Some("no_scene"));
    }

    #[test]
    fn a_scene_leaves_the_spotlight_and_a_release_neither() {
        let scenes: Vec<SceneId> = vec!["a".into()];
        let driven = state(Some("a"), None);
        let spot = |order| wanted(&order, &driven, &scenes).unwrap().1;
        assert!(spot(DriveOrder::Scene("a".into())).is_some());
        assert!(spot(DriveOrder::Hold(false)).is_some());
        let released = wanted(&DriveOrder::Release, &driven, &scenes).unwrap();
        assert_eq!(released, (None, None));
    }
}
