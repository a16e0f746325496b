//! Refusals of this stage.

use egret_shared::rejection::{Reason, Rejection, Stage};

/// A refusal for `reason`.
pub(crate) fn refusal(reason: Reason, detail: impl Into<String>) -> Rejection {
    Rejection::new(Stage::Validate, reason, detail)
}
