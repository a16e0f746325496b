//! What becomes of refused messages: they are read again, once their feed's definition has been mended,
//! or let go.
//!
//! A message is read as of when it came, and leaves quarantine in the same commit in which what comes
//! of it is kept: so it cannot count twice, nor be lost, whenever the server dies. Nor does it when two
//! settle it at once: that is done by one alone at a time. What it was counted as when it was refused
//! stays.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use egret_city::entry::Entry;
use egret_decode::event_attribute;
use egret_mqtt::taker;
use egret_people::Line;
use egret_shared::access::Right;
use egret_shared::id::FeedId;
use egret_shared::people::Outcome;
use egret_shared::rejection::{Reason, Rejection, Stage};
use egret_shared::text::Text;
use serde::{Deserialize, Serialize};
use serde_json::json;
use tokio::sync::MutexGuard;

use super::Context;
use super::extract::JsonBody;
use super::problem::Problem;
use crate::auth::Caller;
use crate::clock;
use crate::intake::{Again, Gathering, Intake, Origin, Way};
use crate::journal::JournalError;
use crate::source::polls;
use crate::store::{Beside, QuarantineFilter, RefusedMessage};

/// Which refused messages are meant.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Which {
    /// By their serial numbers.
    ids: Option<Vec<i64>>,
    /// Of this feed, as it was when they were refused.
    feed: Option<FeedId>,
    /// For this reason.
    reason: Option<Reason>,
    /// By this topic.
    topic: Option<String>,
}

/// Which are let go, and why.
#[derive(Debug, Deserialize)]
pub(super) struct Discarded {
    /// For the audit trail.
    why: String,
    #[serde(flatten)]
    which: Which,
}

/// What became of them.
#[derive(Debug, Default, Serialize)]
pub(super) struct Rerun {
    /// How many are in the journal now.
    accepted: usize,
    /// How many stay, with the reasons of the first of them.
    refused: usize,
    rejected: Vec<StillRefused>,
}

#[derive(Debug, Serialize)]
struct StillRefused {
    id: i64,
    #[serde(flatten)]
    rejection: Rejection,
}

/// How many were let go.
#[derive(Debug, Serialize)]
pub(super) struct LetGo {
    discarded: usize,
}

/// Messages that are read at once: with bytes of 64 KiB each, 16 MiB.
const AT_ONCE: usize = 256;

/// Messages that stay, whose reasons are told.
const TOLD_MAX: usize = 100;

/// Longest reason, in characters.
const WHY_CHARS_MAX: usize = 500;

/// Path that stands for the topic of what came by HTTP.
const PATH: &str = "/api/v1/events";

/// What settling is called in the audit trail.
const RERUN: &str = "quarantine.rerun";
const DISCARD: &str = "quarantine.discard";

/// What it takes to settle a message.
const RIGHTS: [Right; 2] = [Right::Raw, Right::Send];

/// After so many seconds it is worth asking again whether nobody else settles messages.
const BUSY_FOR_S: u64 = 5;

/// `POST /api/v1/quarantine/rerun`: reads them again, oldest first.
pub(super) async fn rerun(
    State(context): State<Context>,
    caller: Caller,
    JsonBody(which): JsonBody<Which>,
) -> Result<Json<Rerun>, Problem> {
    check(&caller, &which)?;
    let _alone = alone(&context)?;
    let ids = meant(&context, &caller, which).await?;
    // Before anything is in the journal: there it stays, whatever becomes of the rest.
    let asked = format!("asked for: {} messages", ids.len());
    let asked = line(&caller, RERUN, Outcome::Done, asked);
    context.note_now(asked).await?;
    let mut done = Rerun::default();
    let ended = read_all_again(&context, &caller, &ids, &mut done).await;
    let (taken, stay) = (done.accepted, done.refused);
    let (outcome, detail) = match &ended {
        Ok(()) => (Outcome::Done, format!("{taken} taken, {stay} stay")),
        Err(why) => {
            let detail = format!("{taken} taken, {stay} stay; {}", why.detail());
            (Outcome::Failed, detail)
        }
    };
    let ended_line = line(&caller, RERUN, outcome, detail);
    context.note_done(ended_line).await;
    ended?;
    Ok(Json(done))
}

/// Reads messages again, and counts in `done` what has come of them.
async fn read_all_again(
    context: &Context,
    caller: &Caller,
    ids: &[i64],
    done: &mut Rerun,
) -> Result<(), Problem> {
    let mut again = context.intake.again();
    for ids in ids.chunks(AT_ONCE) {
        if context.shutdown.is_cancelled() {
            let detail = format!(
                "the server stops, or its feeds have changed: {} were taken in; the rest is to be \
                 read again",
                done.accepted
            );
            return Err(Problem::new(StatusCode::SERVICE_UNAVAILABLE, detail));
        }
        let messages = refused(context, ids.to_vec()).await?;
        let mut gathering = Gathering::begin();
        let mut taken = 0;
        for message in messages.iter().rev() {
            match read_again(
                (&context.intake, &mut again),
                caller,
                &mut gathering,
                message,
            ) {
                None => taken += 1,
                Some(rejection) => done.stays(message.item.id, rejection),
            }
        }
        keep(context, gathering).await?;
        done.accepted += taken;
    }
    Ok(())
}

/// `POST /api/v1/quarantine/discard`.
pub(super) async fn discard(
    State(context): State<Context>,
    caller: Caller,
    JsonBody(form): JsonBody<Discarded>,
) -> Result<Json<LetGo>, Problem> {
    let why = form.why.trim();
    if why.is_empty() || why.chars().count() > WHY_CHARS_MAX {
        let detail =
            format!("why: a reason of 1 to {WHY_CHARS_MAX} characters, for the audit trail");
        return Err(Problem::bad(detail));
    }
    check(&caller, &form.which)?;
    let _alone = alone(&context)?;
    let ids = meant(&context, &caller, form.which).await?;
    let n_messages = ids.len();
    // Before it is so: what is let go without a line would be gone in silence.
    let detail = format!("{n_messages} messages: {why}");
    let asked = line(&caller, DISCARD, Outcome::Done, detail);
    context.note_now(asked).await?;
    let mut discarded = 0;
    for ids in ids.chunks(AT_ONCE) {
        let mut gathering = Gathering::begin();
        gathering.put(Entry::Tick(clock::now()));
        gathering.release(ids);
        if let Err(problem) = keep(&context, gathering).await {
            let detail = format!("{discarded} of {n_messages} messages; {}", problem.detail());
            let failed = line(&caller, DISCARD, Outcome::Failed, detail);
            context.note_done(failed).await;
            return Err(problem);
        }
        discarded += ids.len();
    }
    Ok(Json(LetGo { discarded }))
}

/// Lets those settle messages who may, if they say which.
fn check(caller: &Caller, which: &Which) -> Result<(), Problem> {
    if !RIGHTS.iter().all(|right| caller.has(*right)) {
        return Err(Problem::forbidden());
    }
    let is_narrow = which.ids.is_some()
        || which.feed.is_some()
        || which.reason.is_some()
        || which.topic.is_some();
    if is_narrow {
        Ok(())
    } else {
        Err(Problem::bad("say which: ids, feed, reason or topic"))
    }
}

/// Keeps everybody else from settling messages until it is dropped. It goes on when whoever asked was
/// told that it takes too long, and who then asks again must not list the same ones.
fn alone(context: &Context) -> Result<MutexGuard<'_, ()>, Problem> {
    context.settling.try_lock().map_err(|_held| {
        let words = Text::new(
            "被拒收的报文正在重新解析或丢弃，请稍后查看结果再试",
            "refused messages are being read again or let go already: see what comes of that, and \
             ask again later",
        );
        Problem::new(StatusCode::CONFLICT, words.en.clone())
            .with_code("busy")
            .with_retry_after(BUSY_FOR_S)
            .with_more(json!({ "words": words }))
    })
}

/// The serial numbers of those that are meant and that the caller may settle, oldest first.
async fn meant(context: &Context, caller: &Caller, which: Which) -> Result<Vec<i64>, Problem> {
    let mut filter = QuarantineFilter {
        feed: which.feed,
        reason: which.reason,
        topic: which.topic,
        ids: which.ids,
        before: None,
        limit: AT_ONCE,
    };
    let asking = caller.clone();
    let may = move |feed: Option<&FeedId>| {
        RIGHTS.iter().all(|right| match feed {
            Some(feed) => asking.may_feed(*right, feed),
            None => asking.has_whole(*right),
        })
    };
    let store = context.store.clone();
    let found = tokio::task::spawn_blocking(move || {
        let mut ids = Vec::new();
        loop {
            let rows = store.quarantine(&filter)?;
            filter.before = rows.last().map(|row| row.id);
            let is_last = rows.len() < filter.limit;
            let theirs = rows.iter().filter(|row| may(row.feed.as_ref()));
            ids.extend(theirs.map(|row| row.id));
            if is_last {
                ids.reverse();
                return Ok::<_, JournalError>(ids);
            }
        }
    });
    let ids = found.await.map_err(|error| Problem::given_up(&error))??;
    if ids.is_empty() {
        return Err(Problem::missing("there is no such message in quarantine"));
    }
    Ok(ids)
}

async fn refused(context: &Context, ids: Vec<i64>) -> Result<Vec<RefusedMessage>, Problem> {
    let store = context.store.clone();
    let filter = QuarantineFilter {
        limit: ids.len(),
        ids: Some(ids),
        ..QuarantineFilter::default()
    };
    let read = tokio::task::spawn_blocking(move || store.refused(&filter)).await;
    Ok(read.map_err(|error| Problem::given_up(&error))??)
}

/// Reads one again; why it stays, if it does.
fn read_again(
    (intake, again): (&Intake, &mut Again<'_>),
    caller: &Caller,
    gathering: &mut Gathering,
    message: &RefusedMessage,
) -> Option<Rejection> {
    let item = &message.item;
    let stays = |reason, detail: String| Some(Rejection::new(Stage::Source, reason, detail));
    let Some(raw) = message.raw.as_deref() else {
        return stays(Reason::TooLarge, "its payload is gone".to_owned());
    };
    if (raw.len() as u64) < item.payload_bytes {
        let detail = format!(
            "of {} bytes only the first {} are kept",
            item.payload_bytes,
            raw.len()
        );
        return stays(Reason::TooLarge, detail);
    }
    let beside = message.beside.as_ref();
    if let Some(n) = beside
        .map(|beside| beside.properties_left_out)
        .filter(|n| *n > 0)
    {
        let detail = format!("{n} of the properties beside its payload were too long to be kept");
        return stays(Reason::TooLarge, detail);
    }
    let way = match beside {
        Some(beside) => beside.way,
        None => way_of(&item.topic, item.feed.as_ref(), raw),
    };
    let came = beside.map(Beside::came);
    let id = match (&item.feed, way) {
        // No topic leads to what was fetched.
        (Some(feed), _) if polls::is_place(&item.topic) => intake.feed(feed.as_str()),
        // The topic decides again: its feed may be another now.
        (_, Way::Own) if item.topic != PATH => intake.feed_of_topic(&item.topic),
        (Some(feed), _) => intake.feed(feed.as_str()),
        (None, Way::Native | Way::Event) => {
            named(raw, came.as_ref()).and_then(|feed| intake.feed(&feed))
        }
        (None, Way::Own) => None,
    };
    let Some(feed) = id else {
        return stays(
            Reason::UnknownFeed,
            format!("no feed of the city listens to topic \"{}\"", item.topic),
        );
    };
    let theirs = intake.package().feeds.get(feed);
    if !theirs.is_some_and(|def| caller.may_feed(Right::Send, &def.id)) {
        return stays(Reason::UnknownFeed, "its feed is not yours".to_owned());
    }
    let origin = Origin {
        sender: &item.sender,
        topic: &item.topic,
        payload_bytes: raw.len(),
        received_at: item.received_at,
        way,
        beside: came.as_ref(),
        named: None,
    };
    let refusals = again.read(gathering, feed, origin, (item.id, raw));
    refusals.into_iter().next()
}

/// How a message was written of which that was not kept: what came by HTTP without a feed in the query
/// names it itself.
fn way_of(topic: &str, feed: Option<&FeedId>, raw: &[u8]) -> Way {
    let is_named = |feed: &FeedId| named(raw, None).as_deref() == Some(feed.as_str());
    if topic == PATH && feed.is_some_and(is_named) {
        Way::Native
    } else {
        Way::Own
    }
}

/// The feed that a message by HTTP names, in an attribute beside it or in itself.
fn named(raw: &[u8], came: Option<&taker::Beside>) -> Option<String> {
    #[derive(Deserialize)]
    struct Named {
        feed: Option<String>,
    }
    let pairs = came.into_iter().flat_map(|came| &came.properties);
    let pairs: Vec<_> = pairs.map(|(name, value)| (&**name, &**value)).collect();
    match event_attribute(&pairs, "feed") {
        Some(feed) => Some(feed.into_owned()),
        None => serde_json::from_slice::<Named>(raw).ok()?.feed,
    }
}

async fn keep(context: &Context, gathering: Gathering) -> Result<(), Problem> {
    if gathering.is_empty() {
        return Ok(());
    }
    let stopping = || {
        let detail = "the server is shutting down";
        Problem::new(StatusCode::SERVICE_UNAVAILABLE, detail)
    };
    let receipt = context.intake.submit(gathering).await;
    let receipt = receipt.map_err(|_closed| stopping())?;
    receipt.await.map_err(|_dropped| stopping())?;
    Ok(())
}

fn line(caller: &Caller, action: &'static str, outcome: Outcome, detail: String) -> Line {
    caller.line(clock::now(), (action, "quarantine"), outcome, detail)
}

impl Rerun {
    fn stays(&mut self, id: i64, rejection: Rejection) {
        self.refused += 1;
        if self.rejected.len() < TOLD_MAX {
            self.rejected.push(StillRefused { id, rejection });
        }
    }
}
