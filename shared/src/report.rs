//! A report 诉求/事件: something that happened, as a department or a citizen tells it.

use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use crate::flags::Flags;
use crate::id::{AreaCode, FeedId, MessageId, ReportId};
use crate::position::Position;
use crate::time::TimeMs;

/// One step in a report's life upstream. Personal fields are split off before this exists.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// The feed that it came by.
    pub feed: FeedId,
    /// The upstream id: steps with the same one belong together.
    pub report: ReportId,
    /// The sender's id of this message; absent, then report, state and time are the identity.
    pub message: Option<MessageId>,
    /// The upstream state's name: `opened`, `dispatched`, `arrived`, `closed`.
    pub state: SmolStr,
    /// What kind of thing: `waterlogging`; empty if the message names none.
    pub category: SmolStr,
    /// When this step happened (event time).
    pub observed_at: TimeMs,
    /// When Egret took it in.
    pub received_at: TimeMs,
    /// Where, in WGS 84.
    pub position: Option<Position>,
    /// The finest area that holds `position`.
    pub area: Option<AreaCode>,
    /// A short free text without personal data; empty if there is none.
    pub text: String,
    /// What to know about it.
    pub flags: Flags,
}

/// The state in which every report begins.
pub const STATE_OPENED: &str = "opened";

/// The state after which nobody works on a report any more.
pub const STATE_CLOSED: &str = "closed";
