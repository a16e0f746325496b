//! The demo city: a seeded simulator that publishes over a real MQTT connection.
//!
//! [`Plan`] is pure: what the city says, in order, as a function of package, options and start.
//! [`run`] publishes it. Modules in the order in which things follow from each other: chance,
//! curves and the flat map; rain, what it does to drains, roads and traffic; who speaks about it
//! (sensors, vehicles, report desks) and what goes wrong; how it is written; when; and out. Pumps
//! also take orders (`actuators`).

mod curve;
mod daily;
mod dice;
mod plane;
mod setting;

mod happening;
mod mishap;

mod drainage;
mod rain;
mod shower;
mod storm;

mod fleet;
mod roads;
mod traffic;
mod vehicle;

mod reports;
mod sensors;

mod faults;
mod payload;

mod options;
mod plan;
mod world;

mod actuators;
mod broker;
mod clock;
mod publish;

pub use faults::{
    BAD_SHARE, CLOCK_AHEAD_MS, DUPLICATE_SHARE, Fault, PATCHY_LOSS, PATCHY_SHARE, SILENT_SHARE,
    STUCK_SHARE,
};
pub use happening::Happening;
pub use options::{Options, STORM_PEAK, Scenario, Summary, road_layer};
pub use plan::{Plan, Timed};
pub use publish::run;
pub use roads::RoadsError;
pub use world::PlanError;
