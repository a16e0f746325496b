//! What an admin sees of the outbox, and what is measured. Recipients' addresses are personal: for
//! whoever may manage the server.

use egret_shared::id::IncidentId;
use egret_shared::level::Level;
use egret_shared::text::Text;
use egret_shared::time::TimeMs;
use serde::{Deserialize, Serialize};

use crate::config::ChannelKind;
use crate::notice::NoticeKind;

/// How notifications do.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Status {
    /// The last journal entry whose notices have been taken.
    pub last_seq: Option<u64>,
    /// Every channel, in the order of the settings.
    pub channels: Vec<ChannelStatus>,
}

/// How a channel does. Counts go on over restarts and never fall.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ChannelStatus {
    /// Its name in the settings.
    pub id: String,
    /// What speaks there.
    pub kind: Option<ChannelKind>,
    /// Where it sends to, without what is secret: `https://oapi.dingtalk.com`.
    pub place: String,
    /// Deliveries that wait for their turn, or for the next try.
    pub waiting: u64,
    /// Deliveries that wait for the hours of their route.
    pub held: u64,
    /// Messages that have arrived; a digest is one.
    pub sent: u64,
    /// Deliveries that have been given up.
    pub failed: u64,
    /// Deliveries that became part of a digest.
    pub merged: u64,
    /// Messages that arrived with the mark that they may be repetitions.
    pub maybe_repeated: u64,
    /// When the oldest that waits, and is not held, was taken.
    pub oldest_waiting_at: Option<TimeMs>,
    /// When the last one arrived.
    pub last_sent_at: Option<TimeMs>,
    /// The last thing that went wrong, whether or not it works again since.
    pub last_error: Option<Failed>,
}

/// Something that went wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Failed {
    /// When.
    pub at: TimeMs,
    /// What, in words and without secrets.
    pub why: String,
}

/// Where a delivery stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DeliveryState {
    /// For its turn, its hours or its next try.
    Waiting,
    /// It is on its way.
    Sending,
    /// The receiver has it.
    Sent,
    /// It was given up, or the receiver does not want it.
    Failed,
    /// It became part of a digest.
    Merged,
}

impl DeliveryState {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::Waiting,
        Self::Sending,
        Self::Sent,
        Self::Failed,
        Self::Merged,
    ];

    /// Its word in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Sending => "sending",
            Self::Sent => "sent",
            Self::Failed => "failed",
            Self::Merged => "merged",
        }
    }

    /// The state of this word; a word that is none is a failure.
    pub(crate) fn parse(word: &str) -> Self {
        let mut all = Self::ALL.into_iter();
        all.find(|state| state.as_str() == word)
            .unwrap_or(Self::Failed)
    }
}

/// Which deliveries are asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// Of this channel.
    pub channel: Option<String>,
    /// In this state.
    pub state: Option<DeliveryState>,
    /// Older than this one, for the next page: the last row's `id`.
    pub before: Option<i64>,
}

/// A delivery.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DeliveryRow {
    /// Its number; newer ones are higher.
    pub id: i64,
    /// By which channel.
    pub channel: String,
    /// To which address; empty where the channel itself is the recipient.
    pub recipient: String,
    /// Where it stands.
    pub state: DeliveryState,
    /// Tries so far.
    pub attempts: u32,
    /// Whether a try may have arrived although it was not confirmed.
    pub maybe_repeated: bool,
    /// When it was taken.
    pub created_at: TimeMs,
    /// Not before.
    pub due_at: TimeMs,
    /// When the next try is, after a failed one.
    pub retry_at: Option<TimeMs>,
    /// When the last try began.
    pub tried_at: Option<TimeMs>,
    /// When it arrived, failed or was merged.
    pub ended_at: Option<TimeMs>,
    /// What went wrong last.
    pub error: Option<String>,
    /// The digest that it became part of.
    pub merged_into: Option<i64>,
    /// Its level; of a digest, the highest.
    pub level: Level,
    /// How many notices it tells; more than one for a digest.
    pub n_notices: u64,
    /// The notice's key; absent for a digest.
    pub key: Option<String>,
    /// What happened; absent for a digest.
    pub kind: Option<NoticeKind>,
    /// To which incident.
    pub incident: Option<IncidentId>,
    /// What it is about; absent for a digest.
    pub title: Option<Text>,
}
