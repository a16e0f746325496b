//! Something that is replaced while it is used: whoever has taken it keeps what they took.

use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

/// A value that is there at any time, and may be another the next time. Cheap to clone; clones are one.
pub(crate) struct Live<T>(Arc<RwLock<Arc<T>>>);

impl<T> Live<T> {
    /// `value`, until it is replaced.
    pub(crate) fn new(value: T) -> Self {
        Self(Arc::new(RwLock::new(Arc::new(value))))
    }

    /// What it is now.
    pub(crate) fn get(&self) -> Arc<T> {
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Replaces it.
    pub(crate) fn set(&self, value: T) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(value);
    }
}

impl<T> Clone for Live<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<T> fmt::Debug for Live<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Live")
    }
}
