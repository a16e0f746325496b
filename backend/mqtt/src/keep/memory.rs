//! What is kept, in memory: for tests, and as the measure of every other [`Keep`].

use std::sync::{Arc, Mutex, PoisonError};

use super::{Changes, DeliveryChange, Keep, KeepError, Kept, StageRow};

/// Keeps everything for as long as the process lives. Clones share it.
#[derive(Clone, Debug, Default)]
pub struct InMemory(Arc<Mutex<Kept>>);

impl InMemory {
    /// What is kept now.
    pub fn kept(&self) -> Kept {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

impl From<Kept> for InMemory {
    fn from(kept: Kept) -> Self {
        Self(Arc::new(Mutex::new(kept)))
    }
}

impl Keep for InMemory {
    fn commit(&mut self, changes: &Changes) -> Result<(), KeepError> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.apply(changes);
        Ok(())
    }
}

impl Kept {
    fn apply(&mut self, changes: &Changes) {
        self.at_ms = changes.at_ms;
        for (number, session) in &changes.sessions {
            match session {
                Some(session) => drop(self.sessions.insert(*number, session.clone())),
                None => self.forget(*number),
            }
        }
        for (key, subscription) in &changes.subscriptions {
            match subscription {
                Some(subscription) => drop(self.subscriptions.insert(key.clone(), *subscription)),
                None => drop(self.subscriptions.remove(key)),
            }
        }
        for (number, message) in &changes.messages {
            self.messages
                .entry(*number)
                .or_insert_with(|| message.clone());
        }
        for (key, change) in &changes.deliveries {
            match change {
                DeliveryChange::Put(row) => drop(self.deliveries.insert(*key, row.clone())),
                DeliveryChange::Moved(stage) => {
                    if let Some(row) = self.deliveries.get_mut(key) {
                        row.stage = *stage;
                        if matches!(stage, StageRow::Released(_)) {
                            row.message = None;
                        }
                    }
                }
                DeliveryChange::Gone => drop(self.deliveries.remove(key)),
            }
        }
        for (key, is_handled) in &changes.handled {
            if *is_handled {
                self.handled.insert(*key);
            } else {
                self.handled.remove(key);
            }
        }
        for (topic, message) in &changes.retained {
            match message {
                Some(message) => drop(self.retained.insert(topic.clone(), message.clone())),
                None => drop(self.retained.remove(topic)),
            }
        }
        for (key, digest) in &changes.told {
            match digest {
                Some(digest) => drop(self.told.insert(key.clone(), *digest)),
                None => drop(self.told.remove(key)),
            }
        }
        for (number, will) in &changes.wills {
            match will {
                Some(will) => drop(self.wills.insert(*number, will.clone())),
                None => drop(self.wills.remove(number)),
            }
        }
        let deliveries = &self.deliveries;
        self.messages
            .retain(|number, _| deliveries.values().any(|row| row.message == Some(*number)));
    }

    fn forget(&mut self, session: u64) {
        self.sessions.remove(&session);
        self.subscriptions.retain(|(of, _), _| *of != session);
        self.deliveries.retain(|(of, _), _| *of != session);
        self.handled.retain(|(of, _)| *of != session);
    }
}
