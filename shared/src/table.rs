//! Rows by key: the shape that every list on a screen shares, and how it changes.
//!
//! A [`Table`] travels as a plain list, because each row carries its own key; a [`Changed`] is
//! what turns one table into the next. Merging two changes gives the change of both, which is
//! what a slow client gets.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// One change among this many rows is worth a walk along all of them.
const DENSE: usize = 20;

/// A row that knows its key.
pub trait Keyed {
    /// What tells rows apart, and orders them.
    type Key: Ord + Clone;

    /// This row's key.
    fn key(&self) -> Self::Key;
}

/// Rows in the order of their keys, each key once.
#[derive(Clone, Debug, PartialEq)]
pub struct Table<T: Keyed>(BTreeMap<T::Key, T>);

impl<T: Keyed> Default for Table<T> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}

impl<T: Keyed> FromIterator<T> for Table<T> {
    fn from_iter<I: IntoIterator<Item = T>>(rows: I) -> Self {
        Self(rows.into_iter().map(|row| (row.key(), row)).collect())
    }
}

impl<T: Keyed> Table<T> {
    /// The row with `key`.
    pub fn get(&self, key: &T::Key) -> Option<&T> {
        self.0.get(key)
    }

    /// The row with `key`, to be changed in place.
    pub fn get_mut(&mut self, key: &T::Key) -> Option<&mut T> {
        self.0.get_mut(key)
    }

    /// Puts `row` in, in place of the one with its key.
    pub fn insert(&mut self, row: T) {
        self.0.insert(row.key(), row);
    }

    /// Takes the row with `key` out.
    pub fn remove(&mut self, key: &T::Key) -> Option<T> {
        self.0.remove(key)
    }

    /// Lays the rows out anew, as closely as they were when they came. The nodes of a map that rows
    /// come to one by one end up three quarters full, and a table that lives for weeks with them.
    pub fn pack(&mut self) {
        self.0 = std::mem::take(&mut self.0).into_iter().collect();
    }

    /// All rows, by key.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &T> {
        self.0.values()
    }

    /// The rows with keys in `range`, by key.
    pub fn range(
        &self,
        range: impl std::ops::RangeBounds<T::Key>,
    ) -> impl DoubleEndedIterator<Item = &T> {
        self.0.range(range).map(|(_, row)| row)
    }

    /// How many rows there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Changes the rows with these keys in place; those without a row come to nothing.
    pub fn update<U>(&mut self, changes: &[(T::Key, U)], change: impl Fn(&mut T, &U)) {
        let is_dense = changes.len() >= self.0.len() / DENSE;
        if !is_dense || !changes.is_sorted_by(|(a, _), (b, _)| a <= b) {
            for (key, how) in changes {
                if let Some(row) = self.0.get_mut(key) {
                    change(row, how);
                }
            }
            return;
        }
        // One walk along all rows is shorter than as many searches.
        let mut rows = self.0.iter_mut();
        let mut next = rows.next();
        for (key, how) in changes {
            while next.as_ref().is_some_and(|(held, _)| *held < key) {
                next = rows.next();
            }
            if let Some((_, row)) = next.as_mut().filter(|(held, _)| *held == key) {
                change(row, how);
            }
        }
    }

    /// Carries out `changed`.
    pub fn apply(&mut self, changed: &Changed<T>)
    where
        T: Clone,
    {
        for key in &changed.gone {
            self.0.remove(key);
        }
        for row in &changed.put {
            self.insert(row.clone());
        }
    }
}

impl<T: Keyed + Serialize> Serialize for Table<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.values())
    }
}

impl<'de, T: Keyed + Deserialize<'de>> Deserialize<'de> for Table<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Vec::<T>::deserialize(deserializer)?.into_iter().collect())
    }
}

/// How a table changes: rows that are new or different, and keys that are gone.
///
/// A key stands in at most one of the two lists.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(bound(
    serialize = "T: Serialize, T::Key: Serialize",
    deserialize = "T: Deserialize<'de>, T::Key: Deserialize<'de>"
))]
pub struct Changed<T: Keyed> {
    /// Rows that are new or different, whole.
    pub put: Vec<T>,
    /// Keys of rows that are gone.
    pub gone: Vec<T::Key>,
}

impl<T: Keyed> Default for Changed<T> {
    fn default() -> Self {
        Self {
            put: Vec::new(),
            gone: Vec::new(),
        }
    }
}

impl<T: Keyed + Clone> Changed<T> {
    /// Whether nothing changes.
    pub fn is_empty(&self) -> bool {
        self.put.is_empty() && self.gone.is_empty()
    }

    /// This change followed by `later`, as one.
    pub fn merge(&mut self, later: &Self) {
        let mut put: Table<T> = self.put.drain(..).collect();
        let mut gone: std::collections::BTreeSet<T::Key> = self.gone.drain(..).collect();
        for key in &later.gone {
            put.remove(key);
            gone.insert(key.clone());
        }
        for row in &later.put {
            gone.remove(&row.key());
            put.insert(row.clone());
        }
        self.put = put.0.into_values().collect();
        self.gone = gone.into_iter().collect();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Clone, Debug, PartialEq)]
    struct Row(u32, u32);

    impl Keyed for Row {
        type Key = u32;

        fn key(&self) -> u32 {
            self.0
        }
    }

    #[test]
    fn changes_in_place_are_the_same_few_or_many_in_order_or_not() {
        let table: Table<Row> = (0..100).map(|key| Row(key * 2, 0)).collect();
        let mut changes: Vec<(u32, u32)> = (0..150).step_by(3).map(|key| (key, key + 1)).collect();
        let put = |row: &mut Row, how: &u32| row.1 = *how;
        let mut in_order = table.clone();
        in_order.update(&changes, put);
        changes.reverse();
        let mut backwards = table.clone();
        backwards.update(&changes, put);
        let mut singly = table.clone();
        for change in &changes {
            singly.update(std::slice::from_ref(change), put);
        }
        assert_eq!(in_order, backwards);
        assert_eq!(in_order, singly);
        assert_eq!(in_order.get(&6), Some(&Row(6, 7)));
        assert_eq!(in_order.get(&8), Some(&Row(8, 0)));
    }
}
