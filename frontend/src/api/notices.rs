//! How notifications do, and what became of each. For admins alone: recipients are persons.

use serde::Deserialize;

use egret_shared::id::IncidentId;
use egret_shared::level::Level;
use egret_shared::text::Text;
use egret_shared::time::TimeMs;

use super::request::{encoded, json};
use super::{ApiError, Page};

/// Deliveries of a page.
const DELIVERIES: usize = 50;

/// Something that went wrong.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub(crate) struct Failure {
    /// When.
    pub(crate) at: TimeMs,
    /// What, in the words of whoever refused.
    pub(crate) why: String,
}

/// How a channel does.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub(crate) struct Channel {
    /// Its name in the settings.
    pub(crate) id: String,
    /// What speaks there: `webhook`, `dingtalk`, `wecom`, `feishu`, `smtp`.
    pub(crate) kind: Option<String>,
    /// Where it sends to.
    pub(crate) place: String,
    /// Deliveries that wait for their turn or the next try.
    pub(crate) waiting: u64,
    /// Deliveries that wait for the hours of their route.
    pub(crate) held: u64,
    /// Messages that have arrived.
    pub(crate) sent: u64,
    /// Deliveries that were given up; never falls.
    pub(crate) failed: u64,
    /// When the oldest that waits was taken.
    pub(crate) oldest_waiting_at: Option<TimeMs>,
    /// When the last one arrived.
    pub(crate) last_sent_at: Option<TimeMs>,
    /// The last thing that went wrong, whether or not it works again since.
    pub(crate) last_error: Option<Failure>,
}

/// Whether a channel works, as far as is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Health {
    /// Nothing was sent there yet.
    Unused,
    /// What was sent last has arrived.
    Works,
    /// What was tried last has not.
    Fails,
}

impl Channel {
    /// Whether it works: counts of what failed never fall, so the newest of both ends tells.
    pub(crate) fn health(&self) -> Health {
        let failed_at = self.last_error.as_ref().map(|error| error.at);
        match (self.last_sent_at, failed_at) {
            (None, None) => Health::Unused,
            (sent_at, failed_at) if failed_at > sent_at => Health::Fails,
            _ => Health::Works,
        }
    }
}

/// What became of one message, or is to become.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub(crate) struct Delivery {
    /// By which channel.
    pub(crate) channel: String,
    /// To whom; empty where the channel itself is the recipient.
    pub(crate) recipient: String,
    /// `waiting`, `sending`, `sent`, `failed`, `merged`.
    pub(crate) state: String,
    /// Tries so far.
    pub(crate) attempts: u32,
    /// When it was taken.
    pub(crate) created_at: TimeMs,
    /// When the next try is.
    pub(crate) retry_at: Option<TimeMs>,
    /// When it arrived, failed or was merged.
    pub(crate) ended_at: Option<TimeMs>,
    /// What went wrong last.
    pub(crate) error: Option<String>,
    /// How grave.
    pub(crate) level: Level,
    /// How many notices it tells.
    pub(crate) n_notices: u64,
    /// About which incident.
    pub(crate) incident: Option<IncidentId>,
    /// What about; absent for a digest.
    pub(crate) title: Option<Text>,
}

/// Every channel of the settings.
///
/// # Errors
/// The caller says so.
pub(crate) async fn channels() -> Result<Vec<Channel>, ApiError> {
    #[derive(Deserialize)]
    struct Status {
        channels: Vec<Channel>,
    }
    let status: Status = json("/api/v1/admin/notifications").await?;
    Ok(status.channels)
}

/// Deliveries by a channel and in a state, where these are not empty; from `cursor` on to older ones.
///
/// # Errors
/// The caller says so.
pub(crate) async fn deliveries(
    channel: &str,
    state: &str,
    cursor: Option<&str>,
) -> Result<Page<Delivery>, ApiError> {
    let mut path = format!("/api/v1/admin/notifications/deliveries?limit={DELIVERIES}");
    let parts = [
        ("channel", channel),
        ("state", state),
        ("cursor", cursor.unwrap_or_default()),
    ];
    for (name, value) in parts.into_iter().filter(|(_, value)| !value.is_empty()) {
        path.extend(["&", name, "=", &encoded(value)]);
    }
    json(&path).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_channel_works_if_the_last_that_it_tried_arrived() {
        let channel = |sent: Option<i64>, failed: Option<i64>| Channel {
            last_sent_at: sent.map(TimeMs),
            last_error: failed.map(|at| Failure {
                at: TimeMs(at),
                why: "refused".to_owned(),
            }),
            failed: 7,
            ..Channel::default()
        };
        assert_eq!(channel(None, None).health(), Health::Unused);
        assert_eq!(channel(Some(1), None).health(), Health::Works);
        assert_eq!(channel(None, Some(1)).health(), Health::Fails);
        assert_eq!(channel(Some(1), Some(2)).health(), Health::Fails);
        assert_eq!(channel(Some(3), Some(2)).health(), Health::Works);
    }
}
