//! Personal fields of reports: masked for whoever may see the report, and for a reason that is written
//! down first, in clear, or erased.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use egret_city::entry::Entry;
use egret_shared::access::Right;
use egret_shared::id::{AreaCode, FeedId, ReportId};
use egret_shared::people::{Erase, Erased, Outcome, Personal, Reason};
use egret_shared::time::TimeMs;

use super::Context;
use super::extract::{JsonBody, Path};
use super::problem::Problem;
use crate::auth::Caller;
use crate::clock;
use crate::journal::JournalError;
use crate::store::personal::erase::NotErased;
use crate::store::{EntriesFilter, PersonalFields, Store};

/// The shortest and longest reason, in characters.
const REASON_CHARS: std::ops::RangeInclusive<usize> = 4..=500;

/// `GET /api/v1/reports/{feed}/{report}/personal`: masked.
pub(super) async fn masked(
    State(context): State<Context>,
    caller: Caller,
    Path((feed, report)): Path<(String, String)>,
) -> Result<Json<Personal>, Problem> {
    let (fields, _) = found(&context, &caller, Right::See, &feed, &report).await?;
    Ok(Json(fields.told(true)))
}

/// `POST /api/v1/reports/{feed}/{report}/personal`: in clear. The reason stands in the audit trail
/// before anything is shown.
pub(super) async fn shown(
    State(context): State<Context>,
    caller: Caller,
    Path((feed, report)): Path<(String, String)>,
    JsonBody(why): JsonBody<Reason>,
) -> Result<Json<Personal>, Problem> {
    let reason = reason(&why.reason)?;
    let (fields, target) = found(&context, &caller, Right::Personal, &feed, &report).await?;
    let action = ("personal.read", target.as_str());
    let line = caller.line(clock::now(), action, Outcome::Done, reason);
    context.note_now(line).await?;
    Ok(Json(fields.told(false)))
}

/// `POST /api/v1/persons/erase`: for those who answer for every feed. The reason stands in the audit
/// trail before anything is erased, for it cannot be taken back; what came of it follows.
pub(super) async fn erase(
    State(context): State<Context>,
    caller: Caller,
    JsonBody(erase): JsonBody<Erase>,
) -> Result<Json<Erased>, Problem> {
    if !caller.has_whole(Right::Erase) {
        return Err(Problem::forbidden());
    }
    let reason = reason(&erase.reason)?;
    // Whom it is about must not stand there.
    let line =
        |outcome, detail: String| caller.line(clock::now(), ("person.erase", ""), outcome, detail);
    let asked = line(Outcome::Done, format!("asked for: {reason}"));
    context.note_now(asked).await?;
    let erased = context.eraser.erase(erase.value).await;
    let ended = match &erased {
        Ok(erased) => {
            let (reports, refused) = (erased.reports, erased.refused);
            let how_many = format!("{reports} reports, {refused} refused messages");
            line(Outcome::Done, how_many)
        }
        Err(error) => line(Outcome::Failed, error.to_string()),
    };
    context.note_done(ended).await;
    match erased {
        Ok(erased) => Ok(Json(Erased {
            reports: erased.reports,
        })),
        Err(error) => Err(not_erased(error)),
    }
}

/// A reason that says something.
pub(super) fn reason(text: &str) -> Result<&str, Problem> {
    let text = text.trim();
    let is_reason = REASON_CHARS.contains(&text.chars().count());
    is_reason.then_some(text).ok_or_else(|| {
        let (least, most) = (REASON_CHARS.start(), REASON_CHARS.end());
        Problem::bad(format!("reason: write {least} to {most} characters"))
    })
}

/// The fields of a report over which the caller has `right`, and its name in the audit trail.
async fn found(
    context: &Context,
    caller: &Caller,
    right: Right,
    feed: &str,
    report: &str,
) -> Result<(PersonalFields, String), Problem> {
    let target = format!("{feed}/{report}");
    let (feed, report) = (FeedId::new(feed), ReportId::new(report));
    let (of_feed, store) = (feed.clone(), context.store.clone());
    let read = tokio::task::spawn_blocking(move || {
        let Some(fields) = store.personal(&of_feed, &report)? else {
            return Ok(None);
        };
        let area = area_of(&*store, &fields)?;
        Ok::<_, JournalError>(Some((fields, area)))
    });
    let read = read.await.map_err(|error| Problem::given_up(&error))??;
    let may = |area: Option<&AreaCode>| match area {
        Some(area) => caller.may_feed_at(right, &feed, area),
        None => caller.may_feed(right, &feed),
    };
    let seen = read.filter(|(_, area)| may(area.as_ref()));
    let Some((fields, _)) = seen else {
        return Err(Problem::missing(format!(
            "no personal fields are kept of report \"{target}\""
        )));
    };
    Ok((fields, target))
}

/// Where the report happened.
fn area_of(store: &dyn Store, fields: &PersonalFields) -> Result<Option<AreaCode>, JournalError> {
    let mut area = None;
    let filter = EntriesFilter {
        after: fields.seq.saturating_sub(1),
        observed_from: TimeMs(i64::MIN),
        observed_to: TimeMs(i64::MAX),
        limit_batches: 1,
    };
    store.observed(&filter, &mut |seq, entry| {
        if let Entry::Report(report) | Entry::Issued(report, _) = entry
            && seq == fields.seq
        {
            area.clone_from(&report.area);
        }
        seq < fields.seq
    })?;
    Ok(area)
}

fn not_erased(error: NotErased) -> Problem {
    let status = match &error {
        NotErased::TooShort { .. } => StatusCode::BAD_REQUEST,
        NotErased::Stopping | NotErased::LogInUse => StatusCode::SERVICE_UNAVAILABLE,
        NotErased::NoKey | NotErased::Journal(_) => {
            tracing::error!(%error, "a person could not be erased");
            StatusCode::INTERNAL_SERVER_ERROR
        }
    };
    match error {
        NotErased::Journal(error) => error.into(),
        error => Problem::new(status, error.to_string()),
    }
}
