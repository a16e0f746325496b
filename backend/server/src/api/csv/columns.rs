//! What the columns of a table are: each is named by the place in a message that it fills, a JSON
//! Pointer without its first slash. So `gps/lng` is where the map says `/gps/lng`.

use egret_shared::package::feed::{FeedDef, MapDef, Place, PropertyPlace, UnitPlace};
use serde_json::{Map, Value};

use super::rows::Row;
use super::text::UNREADABLE;
use crate::limits::{CSV_COLUMNS_MAX, CSV_ROW_BYTES};

/// The columns of a table.
#[derive(Debug)]
pub(super) struct Columns {
    names: Vec<String>,
    /// The steps of each column's pointer.
    paths: Vec<Vec<String>>,
}

impl Columns {
    /// The columns that a table's first row names.
    ///
    /// # Errors
    /// A sentence, if rows cannot be read by them.
    pub(super) fn named_in(row: &Row<'_>) -> Result<Self, String> {
        let line = row.line;
        check(row).map_err(|why| format!("line {line}: {why}"))?;
        let names: Vec<String> = row
            .cells
            .iter()
            .map(|cell| cell.trim().to_owned())
            .collect();
        let paths: Vec<Vec<String>> = names.iter().map(|name| steps(name)).collect();
        for (number, path) in paths.iter().enumerate() {
            let mut others = paths.iter().skip(number + 1);
            if is_named(path)
                && others.any(|other| other.starts_with(path) || path.starts_with(other))
            {
                let name = path.join("/");
                return Err(format!("line {line}: two columns fill the place {name}"));
            }
        }
        Ok(Self { names, paths })
    }

    /// What they are called.
    pub(super) fn names(&self) -> &[String] {
        &self.names
    }

    /// The message that a row is; an empty cell is nothing.
    ///
    /// # Errors
    /// A sentence, if it is none.
    pub(super) fn message(&self, row: &Row<'_>) -> Result<Map<String, Value>, String> {
        check(row)?;
        let n_filled = row.cells.iter().rposition(|cell| !cell.is_empty());
        let n_filled = n_filled.map_or(0, |last| last + 1);
        if n_filled > self.paths.len() {
            let n_columns = self.paths.len();
            return Err(format!(
                "it has {n_filled} cells, the first row names {n_columns} columns"
            ));
        }
        let mut message = Map::new();
        for (path, cell) in self.paths.iter().zip(row.cells) {
            if !cell.is_empty() && is_named(path) {
                fill(&mut message, path, cell);
            }
        }
        Ok(message)
    }

    /// Pointers of the feed's map for which there is no column.
    pub(super) fn missing(&self, feed: &FeedDef) -> Vec<String> {
        let pointers = feed.map.as_ref().map(pointers).unwrap_or_default();
        let is_filled = |pointer: &str| {
            let wanted = steps(pointer);
            self.paths.iter().any(|path| path.starts_with(&wanted))
        };
        let missing = pointers.into_iter().filter(|pointer| !is_filled(pointer));
        missing.map(str::to_owned).collect()
    }
}

/// Whether a row can be read at all.
fn check(row: &Row<'_>) -> Result<(), String> {
    if row.is_cut {
        return Err(format!(
            "it is longer than {CSV_ROW_BYTES} bytes, or has more than {CSV_COLUMNS_MAX} cells: \
             perhaps a quote is not closed"
        ));
    }
    let unreadable = row.cells.iter().position(|cell| cell.contains(UNREADABLE));
    match unreadable {
        Some(number) => Err(format!(
            "cell {} has bytes that are no text in the table's encoding",
            number + 1
        )),
        None => Ok(()),
    }
}

/// Whether a column has a name; without one it is passed over.
fn is_named(path: &[String]) -> bool {
    path.iter().any(|step| !step.is_empty())
}

/// The steps of a JSON Pointer, with or without its first slash.
fn steps(pointer: &str) -> Vec<String> {
    let steps = pointer.strip_prefix('/').unwrap_or(pointer).split('/');
    steps
        .map(|step| step.replace("~1", "/").replace("~0", "~"))
        .collect()
}

fn fill(message: &mut Map<String, Value>, path: &[String], cell: &str) {
    let Some((first, rest)) = path.split_first() else {
        return;
    };
    if rest.is_empty() {
        message.insert(first.clone(), Value::from(cell));
        return;
    }
    let inner = message
        .entry(first.clone())
        .or_insert_with(|| Value::Object(Map::new()));
    // No column fills a place within another's.
    if let Value::Object(inner) = inner {
        fill(inner, rest, cell);
    }
}

/// Every pointer that a map looks at.
fn pointers(map: &MapDef) -> Vec<&str> {
    let mut pointers: Vec<&str> = Vec::new();
    for place in [&map.asset, &map.id].into_iter().flatten() {
        if let Place::Pointer { pointer } = place {
            pointers.push(pointer);
        }
    }
    pointers.extend(map.at.iter().map(|at| at.pointer.as_str()));
    pointers.extend(map.position.iter().flat_map(|at| [&*at.lon, &*at.lat]));
    for value in &map.values {
        pointers.push(&value.pointer);
        if let PropertyPlace::Named(named) = &value.property {
            pointers.push(&named.pointer);
        }
        if let Some(UnitPlace::Named(named)) = &value.unit {
            pointers.push(&named.pointer);
        }
    }
    pointers
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn owned(cells: &[&str]) -> Vec<String> {
        cells.iter().map(|&cell| cell.to_owned()).collect()
    }

    fn row(cells: &[String]) -> Row<'_> {
        Row {
            line: 2,
            cells,
            is_cut: false,
        }
    }

    fn columns(names: &[&str]) -> Result<Columns, String> {
        Columns::named_in(&row(&owned(names)))
    }

    #[test]
    fn columns_fill_the_places_that_they_name() {
        let columns = columns(&["id", "gps/lng", "/gps/lat", "水位(m)", "a~1b", ""]).unwrap();
        let cells = owned(&["007", "118.05", "24.4", "", "x"]);
        let message = columns.message(&row(&cells)).unwrap();
        let expected = json!({
            "id": "007", "gps": { "lng": "118.05", "lat": "24.4" }, "a/b": "x",
        });
        assert_eq!(Value::Object(message), expected);
    }

    #[test]
    fn two_columns_cannot_fill_one_place() {
        for names in [["a", "a"], ["a", "a/b"], ["a/b", "a"]] {
            assert!(columns(&names).unwrap_err().contains("line 2"), "{names:?}");
        }
        assert!(columns(&["a/b", "a/c"]).is_ok());
        assert!(
            columns(&["", ""]).is_ok(),
            "without names they are passed over"
        );
    }

    #[test]
    fn a_row_may_be_shorter_than_the_first_but_not_longer() {
        let columns = columns(&["a", "b"]).unwrap();
        assert!(columns.message(&row(&owned(&["1"]))).is_ok());
        assert!(columns.message(&row(&owned(&["1", "2", "", ""]))).is_ok());
        let why = columns.message(&row(&owned(&["1", "2", "3"]))).unwrap_err();
        assert!(why.contains("3 cells"), "{why}");
        let why = columns
            .message(&row(&owned(&["1", "\u{fffd}"])))
            .unwrap_err();
        assert!(why.contains("cell 2"), "{why}");
    }
}
