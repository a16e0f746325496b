//! Small views that panels and pages are made of. They know a signal's value, not where it comes from.

pub(crate) mod asset_values;
pub(crate) mod chart;
pub(crate) mod dialog;
pub(crate) mod figure;
pub(crate) mod form;
pub(crate) mod frame;
pub(crate) mod grants;
pub(crate) mod history_chart;
pub(crate) mod keys;
pub(crate) mod level;
pub(crate) mod limit;
pub(crate) mod long_list;
pub(crate) mod makeup;
pub(crate) mod options;
pub(crate) mod scale;
pub(crate) mod secret;
pub(crate) mod spark;
pub(crate) mod truth;
