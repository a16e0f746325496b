//! Pages: one file for each route; and what they share.

pub(crate) mod admin;
pub(crate) mod asset;
pub(crate) mod case;
pub(crate) mod connect;
pub(crate) mod data;
pub(crate) mod desk;
pub(crate) mod home;
pub(crate) mod incident;
pub(crate) mod listed;
pub(crate) mod loaded;
pub(crate) mod me;
pub(crate) mod metric;
pub(crate) mod not_found;
pub(crate) mod orders;
pub(crate) mod paged;
pub(crate) mod pair;
pub(crate) mod sign_in;
pub(crate) mod start;
pub(crate) mod wall;
