//! The feed register: feeds that are added to the city package while the city goes on.

mod sample;

use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use egret_shared::access::Right;
use egret_shared::id::FeedId;
use egret_shared::package::addition::{
    Addition, Register, SAMPLES_MAX, Trial, Tried, UnheardTopic,
};
use egret_shared::people::Outcome;

use super::Context;
use super::extract::{JsonBody, Path};
use super::problem::Problem;
use crate::auth::Caller;
use crate::clock;
use crate::register::RegisterError;

pub(crate) use sample::Sampler;
pub(super) use sample::fetch;

/// Topics without a feed that are listed.
const TOPICS_MAX: usize = 100;

impl From<RegisterError> for Problem {
    fn from(error: RegisterError) -> Self {
        let status = match &error {
            RegisterError::Mistakes(_) => StatusCode::UNPROCESSABLE_ENTITY,
            RegisterError::Own(_) | RegisterError::Full => StatusCode::CONFLICT,
            RegisterError::Missing(_) => StatusCode::NOT_FOUND,
            RegisterError::NotInForce(_) | RegisterError::Disk(_) => {
                StatusCode::INTERNAL_SERVER_ERROR
            }
            RegisterError::Busy(_) | RegisterError::Stopped => StatusCode::SERVICE_UNAVAILABLE,
        };
        let problem = Self::new(status, error.to_string());
        match error {
            RegisterError::Mistakes(mistakes) => problem
                .with_code("mistakes")
                .with_more(serde_json::json!({ "mistakes": mistakes })),
            RegisterError::Busy(waited) => {
                problem.with_code("busy").with_retry_after(waited.as_secs())
            }
            _ => problem,
        }
    }
}

/// The whole city's feeds are changed by those who answer for all of them.
fn may(caller: &Caller) -> Result<(), Problem> {
    if caller.has_whole(Right::Connect) {
        Ok(())
    } else {
        Err(Problem::forbidden())
    }
}

/// `GET /api/v1/register`: what was added, and whether it is being put in force.
pub(super) async fn state(
    State(context): State<Context>,
    caller: Caller,
) -> Result<Json<Register>, Problem> {
    may(&caller)?;
    Ok(Json(context.register.state()))
}

/// `GET /api/v1/register/topics`: topics that messages came by and no feed listens to.
pub(super) async fn topics(
    State(context): State<Context>,
    caller: Caller,
) -> Result<Json<Vec<UnheardTopic>>, Problem> {
    may(&caller)?;
    let store = context.store.clone();
    let found = tokio::task::spawn_blocking(move || store.unheard(TOPICS_MAX)).await;
    let mut topics = found.map_err(|error| Problem::given_up(&error))??;
    // A feed may listen by now; what it missed can be read again.
    topics.retain(|heard| !heard.topic.starts_with("/api/"));
    Ok(Json(topics))
}

/// `POST /api/v1/register/try`: what messages would become; changes nothing.
pub(super) async fn attempt(
    State(context): State<Context>,
    caller: Caller,
    JsonBody(trial): JsonBody<Trial>,
) -> Result<Json<Tried>, Problem> {
    may(&caller)?;
    if trial.samples.len() > SAMPLES_MAX {
        let detail = format!("samples: {} of {SAMPLES_MAX} at most", trial.samples.len());
        return Err(Problem::bad(detail));
    }
    let register = context.register.clone();
    let Trial { addition, samples } = trial;
    let tried = move || register.trial(addition, &samples, clock::now());
    let tried = tokio::task::spawn_blocking(tried).await;
    Ok(Json(tried.map_err(|error| Problem::given_up(&error))?))
}

/// How long a change is waited for: for room among those that wait, and once it has that, for it to be
/// done. In a large city that takes longer: then the answer is 202, and [`state`] says how far it is.
const WAITED: Duration = Duration::from_secs(10);

/// `PUT /api/v1/register/{feed}`: adds a feed, or changes one that was added; answers once messages of
/// it are taken.
pub(super) async fn put(
    State(context): State<Context>,
    caller: Caller,
    Path(feed): Path<FeedId>,
    JsonBody(addition): JsonBody<Addition>,
) -> Result<(StatusCode, Json<Register>), Problem> {
    may(&caller)?;
    if addition.feed.id != feed {
        let detail = format!(
            "the address says feed \"{feed}\", the body \"{}\"",
            addition.feed.id
        );
        return Err(Problem::bad(detail));
    }
    // The trail tells of no change that is not taken.
    let room = context.register.room(WAITED).await?;
    let what = ("feed.connect", feed);
    note(&context, &caller, &what).await?;
    answer(&context, caller, what, room.put(addition)).await
}

/// `DELETE /api/v1/register/{feed}`: lets a feed go that was added.
pub(super) async fn remove(
    State(context): State<Context>,
    caller: Caller,
    Path(feed): Path<FeedId>,
) -> Result<(StatusCode, Json<Register>), Problem> {
    may(&caller)?;
    let room = context.register.room(WAITED).await?;
    let what = ("feed.disconnect", feed.clone());
    note(&context, &caller, &what).await?;
    answer(&context, caller, what, room.remove(feed)).await
}

/// What is done to a feed, by its word in the audit trail.
type What = (&'static str, FeedId);

/// What is there once a change is in force, or while it is not yet. It goes on whoever waits for it; so
/// does the line that tells that it came to nothing.
async fn answer(
    context: &Context,
    caller: Caller,
    (action, feed): What,
    change: impl Future<Output = Result<(), RegisterError>> + Send + 'static,
) -> Result<(StatusCode, Json<Register>), Problem> {
    let trail = context.audit.clone();
    let change = context.tasks.spawn(async move {
        let done = change.await;
        if let Err(error) = &done {
            let (at, target, why) = (clock::now(), feed.as_str(), error.to_string());
            let line = caller.line(at, (action, target), Outcome::Failed, why);
            trail.note_done(line).await;
        }
        done
    });
    let status = match tokio::time::timeout(WAITED, change).await {
        Ok(ended) => {
            ended.map_err(|error| Problem::given_up(&error))??;
            StatusCode::OK
        }
        Err(_elapsed) => StatusCode::ACCEPTED,
    };
    Ok((status, Json(context.register.state())))
}

/// Notes what is asked for, before it is done.
async fn note(context: &Context, caller: &Caller, (action, feed): &What) -> Result<(), Problem> {
    let target = (*action, feed.as_str());
    let line = caller.line(clock::now(), target, Outcome::Done, "");
    context.note_now(line).await
}
