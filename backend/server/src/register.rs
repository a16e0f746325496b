//! The feed register: what is added to the city package while the city goes on, and trials of it.
//!
//! Whoever asks has a [`Register`]; the work is done by `pipeline::renewal`, one change at a time.

use std::sync::Arc;
use std::time::Duration;

use egret_city::entry::Entry;
use egret_decode::decoder::{Decoder, Message};
use egret_decode::reading::Decoded;
use egret_package::Package;
use egret_shared::id::FeedId;
use egret_shared::observation::Observation;
use egret_shared::package::addition::Tried;
use egret_shared::package::addition::{self, Addition, Sample, TriedSample};
use egret_shared::package::feed::FeedDef;
use egret_shared::rejection::Rejection;
use egret_shared::report::Report;
use egret_shared::time::TimeMs;
use egret_validate::Validator;
use serde_json::{Value, json};
use tokio::sync::{mpsc, oneshot, watch};

use crate::added::{ADDITIONS_MAX, Kept, check_id};
use crate::city_files::CityFiles;
use crate::intake::step;

/// Changes that wait for the one under way.
const QUEUE: usize = 8;

/// A change of the register.
pub(crate) enum Job {
    /// Adds a feed, or changes one that was added.
    Put(Box<Addition>, Reply),
    /// Lets a feed go that was added.
    Remove(FeedId, Reply),
}

/// Where the answer to a change goes.
pub(crate) type Reply = oneshot::Sender<Result<(), RegisterError>>;

/// Why the register does not change.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum RegisterError {
    /// The addition has mistakes.
    #[error("{}", .0.join("; "))]
    Mistakes(Vec<String>),
    /// The package's own files have such a feed.
    #[error("feed \"{0}\" is in the city package's own files: change it there")]
    Own(FeedId),
    /// No such feed was added.
    #[error("no feed \"{0}\" was added")]
    Missing(FeedId),
    /// There are as many as there may be.
    #[error(
        "{ADDITIONS_MAX} feeds were added, which is the limit: move some into the city package"
    )]
    Full,
    /// It is kept, but could not be put in force.
    #[error("it is kept, but not in force before the next start: {0}")]
    NotInForce(String),
    /// It could not be kept.
    #[error("it could not be kept: {0}")]
    Disk(String),
    /// As many changes wait as may, and none of them was done in this time.
    #[error(
        "{QUEUE} changes wait before it, and none was done in {} s: it is not taken, ask again later",
        .0.as_secs()
    )]
    Busy(Duration),
    /// The server stops.
    #[error("the server is shutting down")]
    Stopped,
}

/// Asks for changes and trials. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Register {
    base: Arc<CityFiles>,
    jobs: mpsc::Sender<Job>,
    state: watch::Receiver<addition::Register>,
}

/// A place among the changes that wait.
pub(crate) struct Room(mpsc::OwnedPermit<Job>);

/// What does the changes has this end.
pub(crate) struct Registrar {
    pub jobs: mpsc::Receiver<Job>,
    pub state: watch::Sender<addition::Register>,
}

impl Register {
    /// A register of a package with these files of its own and what was added so far.
    pub(crate) fn new(base: Arc<CityFiles>, kept: &[Kept]) -> (Self, Registrar) {
        let (jobs, ends) = mpsc::channel(QUEUE);
        let state = watch::Sender::new(addition::Register {
            added: kept.iter().map(Kept::row).collect(),
            folding: None,
        });
        let register = Self {
            base,
            jobs,
            state: state.subscribe(),
        };
        (register, Registrar { jobs: ends, state })
    }

    /// What was added, and how far a change under way is.
    pub(crate) fn state(&self) -> addition::Register {
        self.state.borrow().clone()
    }

    /// A place among the changes that wait, for one to come.
    ///
    /// # Errors
    /// There is none `within` that time, or the server stops.
    pub(crate) async fn room(&self, within: Duration) -> Result<Room, RegisterError> {
        let permit = self.jobs.clone().reserve_owned();
        let permit = tokio::time::timeout(within, permit).await;
        let permit = permit.map_err(|_elapsed| RegisterError::Busy(within))?;
        permit.map(Room).map_err(|_gone| RegisterError::Stopped)
    }

    /// What `samples` would become with `addition`, which stands in the place of the one of the same
    /// feed. Reads the whole package: call it where that may block.
    pub(crate) fn trial(&self, addition: Addition, samples: &[Sample], now: TimeMs) -> Tried {
        if let Err(why) = check_id(&addition.feed.id) {
            return mistaken(vec![why]);
        }
        let id = addition.feed.id.clone();
        let others = self.state().added.into_iter();
        let others = others.filter(|row| row.fault.is_none() && row.feed != id);
        let mut all: Vec<Addition> = others.map(|row| row.addition).collect();
        all.push(addition);
        match self.base.with_all(&all) {
            Ok((_, package)) => {
                let samples = samples.iter();
                let samples =
                    samples.map(|sample| (sample.topic.as_str(), sample.payload.as_bytes()));
                tried(&Arc::new(package), &id, samples, now)
            }
            Err(mistakes) => mistaken(mistakes),
        }
    }
}

impl Room {
    /// Adds a feed, or changes one that was added. It goes on whether or not anybody waits, until
    /// messages of the feed are taken.
    ///
    /// # Errors
    /// Why not.
    pub(crate) fn put(self, addition: Addition) -> impl Future<Output = Result<(), RegisterError>> {
        self.ask(|reply| Job::Put(Box::new(addition), reply))
    }

    /// Lets a feed go that was added, whether or not anybody waits; what came of it stays in the
    /// journal.
    ///
    /// # Errors
    /// Why not.
    pub(crate) fn remove(self, feed: FeedId) -> impl Future<Output = Result<(), RegisterError>> {
        self.ask(|reply| Job::Remove(feed, reply))
    }

    fn ask(
        self,
        job: impl FnOnce(Reply) -> Job,
    ) -> impl Future<Output = Result<(), RegisterError>> {
        let (reply, answer) = oneshot::channel();
        let jobs = self.0.send(job(reply));
        async move {
            tokio::select! {
                biased;
                done = answer => done.map_err(|_gone| RegisterError::Stopped)?,
                // What has a place may come when nobody takes it any more.
                () = jobs.closed() => Err(RegisterError::Stopped),
            }
        }
    }
}

fn mistaken(mistakes: Vec<String>) -> Tried {
    Tried {
        mistakes,
        samples: Vec::new(),
    }
}

/// What becomes of samples of the feed `id` of `package`: each a topic and a payload.
pub(crate) fn tried<'a>(
    package: &Arc<Package>,
    id: &FeedId,
    samples: impl Iterator<Item = (&'a str, &'a [u8])>,
    now: TimeMs,
) -> Tried {
    let Some(feed) = package.feed(id) else {
        return mistaken(vec![format!("the city has no feed \"{id}\"")]);
    };
    let decoder = Decoder::new(feed, package.timezone);
    let validator = Validator::new(Arc::clone(package));
    let one = |(topic, payload)| {
        let mut tried = TriedSample::default();
        let message = Message::new(topic, payload, now);
        decoder.decode_each(&message, |element| {
            match element.and_then(|decoded| validated(&validator, feed, decoded, now)) {
                Ok(Entry::Observation(seen)) => tried.taken.push(observation(package, &seen)),
                Ok(Entry::Report(report) | Entry::Issued(report, _)) => {
                    tried.taken.push(reported(&report));
                }
                Ok(_) => {}
                Err(refused) => tried.refused.push(refused),
            }
        });
        tried
    };
    Tried {
        mistakes: Vec::new(),
        samples: samples.map(one).collect(),
    }
}

fn validated(
    validator: &Validator,
    feed: &FeedDef,
    decoded: Decoded,
    now: TimeMs,
) -> Result<Entry, Rejection> {
    match decoded {
        Decoded::Reading(reading) => validator
            .observation(feed, reading, now)
            .map(Entry::Observation),
        Decoded::Report(raw) => step(validator, feed, raw, now).map(|(entry, _personal)| entry),
    }
}

/// A reading as people read it: values in the properties' own units.
fn observation(package: &Package, seen: &Observation) -> Value {
    let values = seen.values.iter().map(|value| {
        let unit = package
            .property(&value.property)
            .map(|def| def.unit.as_str());
        let shown = json!({ "v": value.v, "u": unit, "flags": value.flags });
        (value.property.to_string(), shown)
    });
    json!({
        "asset": seen.asset,
        "at": seen.observed_at,
        "position": seen.position,
        "area": seen.area,
        "values": values.collect::<serde_json::Map<String, Value>>(),
        "flags": seen.flags,
    })
}

/// A report as people read it. What identifies a person is not in it.
fn reported(report: &Report) -> Value {
    json!({
        "report": report.report,
        "at": report.observed_at,
        "position": report.position,
        "area": report.area,
        "state": report.state,
        "category": report.category,
        "text": report.text,
        "flags": report.flags,
    })
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn register() -> (Register, Registrar) {
        let tiny = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/cities/tiny");
        Register::new(Arc::new(CityFiles::read(&tiny).unwrap()), &[])
    }

    #[tokio::test]
    async fn a_change_that_finds_no_room_is_not_taken_and_one_that_was_taken_is_done() {
        let (register, mut registrar) = register();
        let mut changes = Vec::new();
        for n in 0..QUEUE {
            let room = register.room(Duration::from_secs(20)).await.unwrap();
            changes.push(room.remove(FeedId::new(format!("f-{n}"))));
        }
        let full = register.room(Duration::ZERO).await.err().unwrap();
        assert_eq!(full, RegisterError::Busy(Duration::ZERO));

        // One is done, and there is room for another.
        let Some(Job::Remove(feed, reply)) = registrar.jobs.recv().await else {
            panic!("the first change is taken");
        };
        assert_eq!(feed, FeedId::new("f-0"));
        reply.send(Ok(())).unwrap();
        assert_eq!(changes.remove(0).await, Ok(()));
        let room = register.room(Duration::from_secs(20)).await.unwrap();

        // It came too late: the server stops.
        drop(registrar);
        let late = room.remove(FeedId::new("f-8")).await;
        assert_eq!(late, Err(RegisterError::Stopped));
        let late = register.room(Duration::from_secs(20)).await.err().unwrap();
        assert_eq!(late, RegisterError::Stopped);
    }
}
