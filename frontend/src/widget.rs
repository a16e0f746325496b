//! Small views that panels are made of. They know a signal's value, not where it comes from.

pub(crate) mod chart;
pub(crate) mod figure;
pub(crate) mod frame;
pub(crate) mod history_chart;
pub(crate) mod level;
pub(crate) mod makeup;
pub(crate) mod scale;
pub(crate) mod spark;
pub(crate) mod truth;
