//! From the timelines of incidents to notices in the outbox.
//!
//! A timeline is part of the city's state, so what was written down and not yet told when the
//! server died is found again at the next start; the outbox takes each notice once, by its key.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use egret_city::City;
use egret_notify::{Notice, Outbox};
use egret_package::Package;
use egret_people::People;
use egret_shared::case::Dossier;
use egret_shared::channel::Channel;
use egret_shared::delta::Delta;
use egret_shared::id::IncidentId;
use egret_shared::message::{DeltaFrame, ServerMessage, SnapshotFrame};
use egret_shared::mode::ModeState;
use egret_shared::snapshot::Snapshot;
use egret_shared::time::{Span, TimeMs};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use super::wording::Wording;
use crate::auth::sight::Sight;
use crate::clock;
use crate::folding::CityHandle;

/// How far back deeds are told after a start; the outbox remembers keys for longer.
const TOLD_AFTER_START: Span = Span(24 * 3_600_000);

/// How long a server takes at most from serving to telling.
const STARTED_WITHIN: Span = Span(5_000);

/// How long to wait before notices that could not be kept are tried again.
const KEPT_AGAIN: Duration = Duration::from_secs(5);

/// What makes notices of what happens.
pub(crate) struct Teller {
    /// The city.
    pub city: CityHandle,
    /// The sight of one who sees all of it: routes decide who hears what.
    pub everything: Arc<Sight>,
    /// Where notices go.
    pub outbox: Outbox,
    /// Names of departments.
    pub package: Arc<Package>,
    /// Names to sign in with.
    pub people: People,
}

/// What changed since the last look.
#[derive(Default)]
struct News {
    incidents: Vec<IncidentId>,
    mode: Option<ModeState>,
}

impl Teller {
    /// Follows the city until `shutdown`.
    pub(crate) async fn run(self, shutdown: CancellationToken) {
        let everything = Arc::clone(&self.everything);
        let Ok(Ok(log)) = self.city.open(Channel::City, everything).await else {
            return;
        };
        let wake = Arc::new(Notify::new());
        log.follow(&wake);
        let mut held = None;
        // The newest deed that has been told, of each incident that is listed.
        let mut told: BTreeMap<IncidentId, u32> = BTreeMap::new();
        let since = self.first_time();
        loop {
            if let Some((message, seq)) = log.message(held) {
                held = Some(seq);
                let (news, gone) = News::of(message);
                if self.tell(news, &mut told, since, &shutdown).await.is_err() {
                    return;
                }
                for id in gone {
                    told.remove(&id);
                }
            }
            tokio::select! {
                () = shutdown.cancelled() => return,
                () = wake.notified() => {}
            }
        }
    }

    /// From when on deeds are told: not from before there was an outbox.
    fn first_time(&self) -> TimeMs {
        let now = clock::now();
        match self.outbox.last_seq() {
            Ok(Some(_)) => now.minus(TOLD_AFTER_START),
            Ok(None) => {
                // It exists from now on, whether or not anything happens.
                if let Err(error) = self.outbox.advance(0) {
                    tracing::error!(%error, "the outbox cannot be written");
                }
                // The server may have been asked before this runs.
                now.minus(STARTED_WITHIN)
            }
            Err(error) => {
                tracing::error!(%error, "the outbox cannot be read");
                now
            }
        }
    }

    async fn tell(
        &self,
        news: News,
        told: &mut BTreeMap<IncidentId, u32>,
        since: TimeMs,
        shutdown: &CancellationToken,
    ) -> Result<(), crate::folding::Stopped> {
        if news.incidents.is_empty() && news.mode.is_none() {
            return Ok(());
        }
        let ids = news.incidents;
        let question = move |city: &City| {
            let dossiers = ids.iter().filter_map(|id| city.dossier(id));
            (city.seq(), dossiers.collect::<Vec<Dossier>>())
        };
        let (seq, dossiers) = self.city.ask(question).await?;
        let mode = news.mode.filter(|mode| mode.since >= since);
        let is_new = |one: &Dossier| {
            let known = told.get(&one.incident.id).copied().unwrap_or_default();
            one.timeline.last().is_some_and(|deed| deed.n > known)
        };
        // Evidence joins far oftener than anything is done: nobody need be looked up for it.
        if mode.is_none() && !dossiers.iter().any(is_new) {
            return Ok(());
        }
        let logins = self.logins();
        let wording = Wording {
            package: &self.package,
            logins: &logins,
        };
        let mut notices: Vec<Notice> = Vec::new();
        let mut newest: Vec<(IncidentId, u32)> = Vec::new();
        for Dossier {
            incident, timeline, ..
        } in &dossiers
        {
            let known = told.get(&incident.id).copied().unwrap_or_default();
            let new = timeline
                .iter()
                .filter(|deed| deed.n > known && deed.at >= since);
            notices.extend(new.filter_map(|deed| wording.of_deed(incident, deed, seq)));
            newest.extend(timeline.last().map(|last| (incident.id.clone(), last.n)));
        }
        notices.extend(mode.map(|mode| wording.of_mode(&mode, seq)));
        self.keep(&notices, shutdown).await;
        told.extend(newest);
        Ok(())
    }

    /// Puts notices into the outbox, however often it takes: nothing is told on before they are.
    async fn keep(&self, notices: &[Notice], shutdown: &CancellationToken) {
        while !notices.is_empty() {
            let (outbox, batch) = (self.outbox.clone(), notices.to_vec());
            let taken = tokio::task::spawn_blocking(move || outbox.enqueue(&batch)).await;
            let why = match taken {
                Ok(Ok(_)) => return,
                Ok(Err(error)) => error.to_string(),
                // The server stops, or a bug; the next start tells what is missing.
                Err(error) => return tracing::error!(%error, "notices could not be kept"),
            };
            tracing::error!(why, "notices could not be kept; they are tried again");
            tokio::select! {
                // The next start tells what is missing.
                () = shutdown.cancelled() => return,
                () = tokio::time::sleep(KEPT_AGAIN) => {}
            }
        }
    }

    fn logins(&self) -> BTreeMap<String, String> {
        let users = self.people.users(clock::now()).into_iter();
        users.map(|user| (user.id, user.name)).collect()
    }
}

impl News {
    /// What a message tells of, and which incidents are gone.
    fn of(message: ServerMessage) -> (Self, Vec<IncidentId>) {
        match message {
            ServerMessage::Delta(DeltaFrame {
                changes: Delta::City(changes),
                ..
            }) => {
                let ids = changes.incidents.put.iter().map(|one| one.id.clone());
                let news = Self {
                    incidents: ids.collect(),
                    mode: changes.mode.clone(),
                };
                (news, changes.incidents.gone)
            }
            ServerMessage::Snapshot(SnapshotFrame {
                state: Snapshot::City(city),
                ..
            }) => {
                let ids = city.incidents.iter().map(|one| one.id.clone());
                let news = Self {
                    incidents: ids.collect(),
                    mode: Some(city.mode),
                };
                (news, Vec::new())
            }
            _ => (Self::default(), Vec::new()),
        }
    }
}
