//! Names of things, one type each, so that a feed's id cannot stand where an asset's belongs.
//!
//! All are short UTF-8 strings kept inline up to 23 bytes ([`SmolStr`]); longer ones are shared,
//! so a clone never copies text. [`ID_BYTES_MAX`] is enforced where ids enter, not here.

use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

/// The longest id that a stage accepts from outside, in bytes.
///
/// 128 holds a UUID with a vendor's prefix and every EUI, VIN and ticket number seen in the
/// formats of `backend/decode`; it bounds what an asset costs in memory.
pub const ID_BYTES_MAX: usize = 128;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(SmolStr);

        impl $name {
            /// The id with this text.
            pub fn new(text: impl AsRef<str>) -> Self {
                Self(SmolStr::new(text))
            }

            /// The id's text.
            pub fn as_str(&self) -> &str {
                self.0.as_str()
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self::new(text)
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl std::borrow::Borrow<str> for $name {
            fn borrow(&self) -> &str {
                self.as_str()
            }
        }
    };
}

id!(
    /// Code of an area 区域, GB/T 2260 for districts and longer below: `350203`, `350203001`.
    AreaCode
);
id!(
    /// A department 部门.
    DepartmentId
);
id!(
    /// A feed 数据源: one stream of one department or gateway in one format.
    FeedId
);
id!(
    /// An asset 部件 within its feed: (feed, asset) is its identity.
    AssetId
);
id!(
    /// An observed property, as `properties.toml` names it: `pm2_5`.
    PropertyId
);
id!(
    /// The sender's own id of a message; with feed and asset it is the message's identity.
    MessageId
);
id!(
    /// The upstream id of a report 诉求/事件 within its feed.
    ReportId
);
id!(
    /// A metric 指标: `water.manhole_level_max`.
    MetricId
);
id!(
    /// A domain of city operations: `water`, `public-safety`.
    DomainId
);
id!(
    /// A rule that can fire alerts.
    RuleId
);
id!(
    /// An incident 案件: the day it opened and a serial, `20260622-0007`.
    IncidentId
);
id!(
    /// What keeps alerts quiet: a silence, a maintenance window, a shelved alert.
    HushId
);
id!(
    /// A command 指令 that a feed's actuators take, as `feeds.toml` names it: `run`.
    CommandId
);
id!(
    /// One order to an actuator. The actuator is told it, so that it drops what comes twice.
    ActuationId
);
id!(
    /// A response plan 预案.
    PlanId
);
id!(
    /// A scene 专题: one screen.
    SceneId
);
