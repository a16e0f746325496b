//! What server and client say to each other over `/ws`. `docs/protocol.md` tells it in prose.

use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use crate::channel::Channel;
use crate::delta::Delta;
use crate::snapshot::Snapshot;
use crate::text::Text;
use crate::time::TimeMs;
use crate::wall::{Reload, Showing};

/// Version of the conversation. A change that an old client cannot read raises it.
pub const PROTOCOL: u16 = 1;

/// From the server.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum ServerMessage {
    /// First of all; and again when the client's grants have changed: then nothing that it holds
    /// counts any more, and every subscribed channel begins anew with a snapshot.
    Welcome(Welcome),
    /// A channel's full state; replaces what the client holds.
    Snapshot(SnapshotFrame),
    /// A channel's changes.
    Delta(DeltaFrame),
    /// Sent when nothing else was, so that silence means a lost connection.
    Heartbeat(Heartbeat),
    /// What went wrong with a request; the connection stays.
    Error(ErrorFrame),
}

/// Who is speaking.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Welcome {
    /// [`PROTOCOL`].
    pub protocol: u16,
    /// Fingerprint of the binary wire's types: a client built for another reloads itself.
    pub schema: String,
    /// The server's version.
    pub server: String,
    /// Changes with every start of the server; seqs and handles hold within one generation.
    pub generation: u64,
    /// The server's clock.
    pub at: TimeMs,
    /// After this long without a message the connection is lost. Milliseconds.
    pub silence_ms: u32,
    /// The city's id.
    pub city: String,
    /// The city's name.
    pub name: Text,
    /// Whether the data is simulated; every screen says so.
    pub simulated: bool,
}

/// A channel's full state.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SnapshotFrame {
    /// Which channel.
    pub channel: Channel,
    /// See [`Welcome::generation`].
    pub generation: u64,
    /// The journal position that this state is of.
    pub seq: u64,
    /// The city's time at `seq`.
    pub at: TimeMs,
    /// The state.
    pub state: Snapshot,
}

/// A channel's changes from `base` to `seq`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DeltaFrame {
    /// Which channel.
    pub channel: Channel,
    /// See [`Welcome::generation`].
    pub generation: u64,
    /// The seq that the client must hold; if it holds another, it asks for a snapshot.
    pub base: u64,
    /// The seq that it holds afterwards.
    pub seq: u64,
    /// The city's time at `seq`.
    pub at: TimeMs,
    /// The changes.
    pub changes: Delta,
}

/// The server lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Heartbeat {
    /// The server's clock.
    pub at: TimeMs,
    /// The journal position that the city stands at.
    pub seq: u64,
}

/// What went wrong with a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErrorFrame {
    /// A stable word: `bad_message`, `no_channel`, `too_many_channels`, `not_a_wall`, `signed_out`.
    /// After the last the server closes.
    pub code: String,
    /// A sentence with the value and the place.
    pub message: String,
}

/// From the client. JSON text in both encodings, so that anyone can type it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum ClientMessage {
    /// Adds channels; each answers with a snapshot or, where `resume` fits, with a delta.
    Subscribe {
        /// Channels to add.
        channels: Vec<Channel>,
        /// What the client still holds of them.
        #[serde(default)]
        resume: Vec<Resume>,
    },
    /// Takes channels away.
    Unsubscribe {
        /// Channels to take away.
        channels: Vec<Channel>,
    },
    /// Asks for a fresh snapshot of subscribed channels.
    Resync {
        /// Channels to send anew.
        channels: Vec<Channel>,
    },
    /// Asks for fewer frames.
    Pace {
        /// Least time between two frames of a channel, milliseconds; 100 is the least.
        every_ms: u32,
    },
    /// A wall says what it shows, whenever that is something else.
    Shows {
        /// Which wall, where everything is open: a page gives itself a name there. A paired wall
        /// says none, for the server knows it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        wall: Option<SmolStr>,
        /// What.
        showing: Showing,
    },
    /// A wall says that it loads itself anew, because it has outgrown a budget.
    Reloads {
        /// As in `Shows`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        wall: Option<SmolStr>,
        /// Which budget.
        cause: Reload,
        /// How much it takes: bytes, or elements of the document.
        held: u64,
        /// How much it may take.
        budget: u64,
    },
}

/// What a returning client still holds of a channel.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Resume {
    /// Which channel.
    pub channel: Channel,
    /// The generation of what it holds.
    pub generation: u64,
    /// The seq of what it holds.
    pub seq: u64,
}
