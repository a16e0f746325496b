//! The live map: MapLibre draws land, areas and roads; our own layer draws the assets.
//!
//! [`geometry`] and [`style`] say what the base map shows, [`camera`] where we look and which
//! tiles that needs, [`points`] what the layer knows of each asset, [`layer`] draws it, [`trail`] where
//! vehicles have been, [`labels`]
//! finds room for names, and [`live`] holds them together. No layer is ever made anew to change
//! data: areas change by feature state, assets by bytes in a buffer.

mod bridge;
pub(crate) mod camera;
pub(crate) mod geometry;
pub(crate) mod gpu;
pub(crate) mod group;
pub(crate) mod labels;
mod layer;
pub(crate) mod live;
mod pace;
mod palette;
pub(crate) mod points;
mod program;
mod shader;
pub(crate) mod spot;
pub(crate) mod style;
mod trail;
pub(crate) mod walk;
pub(crate) mod zones;
