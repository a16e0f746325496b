//! Areas by number, with their way up to the city.

use egret_package::Package;
use egret_package::areas::{AreaIdx, AreaTree};
use egret_shared::id::AreaCode;
use egret_shared::position::Position;
use egret_shared::text::Text;

use super::{Area, Lookup};

/// The area tree as the fold needs it.
pub(crate) struct Areas {
    rows: Vec<Row>,
    numbers: Lookup<AreaCode, Area>,
}

struct Row {
    code: AreaCode,
    name: Text,
    centre: Option<Position>,
    /// Name of its level.
    level: String,
    /// Itself last, the city first.
    path: Vec<Area>,
}

impl Areas {
    pub(crate) fn new(package: &Package) -> Self {
        let tree = &package.areas;
        let rows: Vec<Row> = tree.iter().filter_map(|idx| row(tree, idx)).collect();
        let numbers = (0..)
            .zip(&rows)
            .map(|(number, row)| (row.code.clone(), number))
            .collect();
        Self { rows, numbers }
    }

    fn row(&self, area: Area) -> Option<&Row> {
        self.rows.get(area as usize)
    }

    /// The area that is the whole city.
    pub(crate) const ROOT: Area = 0;

    pub(crate) fn len(&self) -> usize {
        self.rows.len()
    }

    pub(crate) fn number(&self, code: &AreaCode) -> Option<Area> {
        self.numbers.get(code).copied()
    }

    pub(crate) fn code(&self, area: Area) -> Option<&AreaCode> {
        self.row(area).map(|row| &row.code)
    }

    pub(crate) fn name(&self, area: Area) -> Option<&Text> {
        self.row(area).map(|row| &row.name)
    }

    pub(crate) fn centre(&self, area: Area) -> Option<Position> {
        self.row(area)?.centre
    }

    /// The areas that hold it, widest first, itself last.
    pub(crate) fn path(&self, area: Area) -> &[Area] {
        self.row(area).map_or(&[], |row| &row.path)
    }

    /// Codes of [`Self::path`].
    pub(crate) fn codes(&self, area: Option<Area>) -> Vec<AreaCode> {
        let path = area.map_or(&[][..], |area| self.path(area));
        path.iter()
            .filter_map(|area| self.code(*area).cloned())
            .collect()
    }

    /// The area of this level that holds `area`, or is it.
    pub(crate) fn at_level(&self, area: Area, level: &str) -> Option<Area> {
        let of_level = |area: &&Area| self.row(**area).is_some_and(|row| row.level == level);
        self.path(area).iter().find(of_level).copied()
    }

    /// The finest area that holds both.
    pub(crate) fn common(&self, one: Area, other: Area) -> Area {
        let both = self.path(one).iter().zip(self.path(other));
        let shared = both.take_while(|(a, b)| a == b);
        shared.last().map_or(Self::ROOT, |(area, _)| *area)
    }

    /// Whether `outer` holds `inner`, or is it.
    pub(crate) fn holds(&self, outer: Area, inner: Area) -> bool {
        self.path(inner).contains(&outer)
    }
}

fn row(tree: &AreaTree, idx: AreaIdx) -> Option<Row> {
    Some(Row {
        code: tree.code(idx)?.clone(),
        name: tree.name(idx)?.clone(),
        // What the wire and a checkpoint carry, so that it is the same after both.
        centre: tree.centre(idx).map(|centre| {
            let (lon, lat) = centre.to_steps();
            Position::from_steps(lon, lat)
        }),
        level: tree.level(idx)?.to_owned(),
        path: tree.ancestors(idx).iter().map(|area| area.0).collect(),
    })
}
