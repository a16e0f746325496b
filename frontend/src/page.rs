//! Pages: one file for each route.

pub(crate) mod data;
pub(crate) mod metric;
pub(crate) mod not_found;
pub(crate) mod wall;
