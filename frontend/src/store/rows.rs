//! Rows of the city as shared values. What did not change stays the same allocation, so that
//! telling views of thousands of rows costs a pointer for each. Pure.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use egret_shared::table::{Changed, Keyed, Table};

/// The most keys that are remembered one by one: twice the longest list of a city. A hidden page
/// gets no animation frames, and would remember what is long gone.
const KEYS_MAX: usize = 10_000;

/// Up to so many rows a list is told at every frame; a longer one, at a pace that an eye can
/// follow and a processor can keep up with.
const ROWS_AT_ONCE: usize = 500;

/// Least time between two tellings of a long list. Milliseconds.
const LONG_PACE_MS: f64 = 250.0;

/// Which rows changed since they were told last.
#[derive(Debug)]
pub(crate) struct Touch<K> {
    all: bool,
    keys: BTreeSet<K>,
}

impl<K> Default for Touch<K> {
    fn default() -> Self {
        Self {
            all: false,
            keys: BTreeSet::new(),
        }
    }
}

impl<K: Ord + Clone> Touch<K> {
    /// Every row changed.
    pub(crate) fn all(&mut self) {
        self.all = true;
        self.keys.clear();
    }

    /// The rows that `changed` names did.
    pub(crate) fn by<T: Keyed<Key = K>>(&mut self, changed: &Changed<T>) {
        if self.all {
            return;
        }
        self.keys.extend(changed.put.iter().map(Keyed::key));
        self.keys.extend(changed.gone.iter().cloned());
        if self.keys.len() > KEYS_MAX {
            self.all();
        }
    }

    /// Whether any did.
    pub(crate) fn is_any(&self) -> bool {
        self.all || !self.keys.is_empty()
    }
}

/// The rows of a table, each shared with whoever shows it.
#[derive(Debug)]
pub(crate) struct Rows<T: Keyed> {
    rows: BTreeMap<T::Key, Arc<T>>,
    told_ms: f64,
}

impl<T: Keyed> Default for Rows<T> {
    fn default() -> Self {
        Self {
            rows: BTreeMap::new(),
            told_ms: f64::NEG_INFINITY,
        }
    }
}

impl<T: Keyed + Clone> Rows<T> {
    /// How long these rows are better not told anew, at `now_ms`. Milliseconds; 0 for at once.
    pub(crate) fn wait_ms(&self, table: &Table<T>, now_ms: f64) -> f64 {
        if self.rows.len().max(table.len()) <= ROWS_AT_ONCE {
            return 0.0;
        }
        (self.told_ms + LONG_PACE_MS - now_ms).max(0.0)
    }

    /// The rows of `table`, of which those that `touch` names changed since the last time.
    pub(crate) fn tell(
        &mut self,
        table: &Table<T>,
        touch: &Touch<T::Key>,
        now_ms: f64,
    ) -> Arc<[Arc<T>]> {
        self.told_ms = now_ms;
        if touch.all {
            let row = |row: &T| (row.key(), Arc::new(row.clone()));
            self.rows = table.iter().map(row).collect();
        }
        for key in &touch.keys {
            match table.get(key) {
                Some(row) => drop(self.rows.insert(key.clone(), Arc::new(row.clone()))),
                None => drop(self.rows.remove(key)),
            }
        }
        self.rows.values().cloned().collect()
    }
}

/// Whether two lists of shared rows are the same values in the same order; their contents need not
/// be looked at.
pub(crate) fn are_same<T>(one: &[Arc<T>], other: &[Arc<T>]) -> bool {
    one.len() == other.len()
        && one
            .iter()
            .zip(other)
            .all(|(one, other)| Arc::ptr_eq(one, other))
}

/// Whether a list that is asked for anew is another one.
pub(crate) fn is_other<T>(known: Option<&Arc<[Arc<T>]>>, new: Option<&Arc<[Arc<T>]>>) -> bool {
    match (known, new) {
        (Some(known), Some(new)) => !are_same(known, new),
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use egret_shared::incident::Incident;
    use egret_shared::level::Level;
    use egret_shared::text::Text;
    use egret_shared::time::TimeMs;

    use super::*;

    fn incident(id: &str, level: Level) -> Incident {
        Incident::opened(id.into(), "rule".into(), level, Text::default(), TimeMs(0))
    }

    #[test]
    fn only_rows_that_changed_are_made_anew() {
        let mut table: Table<Incident> = [("1", Level::Blue), ("2", Level::Red), ("3", Level::Red)]
            .into_iter()
            .map(|(id, level)| incident(id, level))
            .collect();
        let (mut rows, mut touch) = (Rows::default(), Touch::default());
        touch.all();
        let before = rows.tell(&table, &touch, 0.0);

        let changed = Changed {
            put: vec![incident("2", Level::Orange), incident("4", Level::Blue)],
            gone: vec!["3".into()],
        };
        table.apply(&changed);
        let mut touch = Touch::default();
        assert!(!touch.is_any());
        touch.by(&changed);
        assert!(touch.is_any());
        let after = rows.tell(&table, &touch, 1.0);

        let ids: Vec<_> = after.iter().map(|row| row.id.as_str()).collect();
        assert_eq!(ids, ["1", "2", "4"]);
        assert!(Arc::ptr_eq(&before[0], &after[0]));
        assert!(is_other(Some(&before), Some(&after)));
        assert!(!is_other(
            Some(&after),
            Some(&after.iter().cloned().collect())
        ));
        assert_eq!(after[1].level, Level::Orange);
    }

    #[test]
    fn a_short_list_is_told_at_once_and_a_long_one_at_a_pace() {
        let mut rows: Rows<Incident> = Rows::default();
        let mut touch = Touch::default();
        touch.all();
        let table = |n: usize| -> Table<Incident> {
            let ids = (0..n).map(|id| incident(&id.to_string(), Level::Blue));
            ids.collect()
        };
        let (short, long) = (table(ROWS_AT_ONCE), table(ROWS_AT_ONCE + 1));
        rows.tell(&short, &touch, 0.0);
        assert!(rows.wait_ms(&short, 1.0).abs() < 1e-9);
        assert!((rows.wait_ms(&long, 1.0) - (LONG_PACE_MS - 1.0)).abs() < 1e-9);
        assert!(rows.wait_ms(&long, LONG_PACE_MS).abs() < 1e-9);
    }

    #[test]
    fn what_a_hidden_page_remembers_is_bounded() {
        let mut touch = Touch::default();
        let gone = (0..=KEYS_MAX).map(|id| id.to_string().as_str().into());
        touch.by(&Changed::<Incident> {
            put: Vec::new(),
            gone: gone.collect(),
        });
        assert!(touch.all && touch.keys.is_empty());
    }
}
