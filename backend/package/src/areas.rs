//! The area tree 区域: who lies in whom, and each area's polygon.
//!
//! Areas are numbered so that a parent comes before its children; the fold keeps its tables by
//! these numbers. Where a point lies is the [`index`]'s part.

pub mod index;
pub(crate) mod polygon;
mod raster;
pub(crate) mod read;

use std::collections::BTreeMap;

use egret_shared::catalog::Area;
use egret_shared::id::AreaCode;
use egret_shared::position::Position;
use egret_shared::text::Text;
use geo::MultiPolygon;

pub use index::AreaIndex;

/// Number of an area within its [`AreaTree`]: 0 is the city, parents come before children.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AreaIdx(pub u32);

impl AreaIdx {
    /// The number as an index into tables.
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// One area with its place in the tree.
#[derive(Clone, Debug)]
struct Node {
    code: AreaCode,
    parent: Option<AreaIdx>,
    level: String,
    name: Text,
    centre: Position,
    polygon: MultiPolygon<f64>,
    /// The widest-to-finest line down to this area, itself included.
    ancestors: Box<[AreaIdx]>,
    children: Vec<AreaIdx>,
}

/// All areas of a city.
///
/// Reads take the [`AreaIdx`] of this tree; another tree's gives `None` or an empty list.
#[derive(Clone, Debug, Default)]
pub struct AreaTree {
    nodes: Vec<Node>,
    by_code: BTreeMap<AreaCode, AreaIdx>,
}

/// What an area brings into the tree.
pub(crate) struct AreaSeed {
    pub(crate) code: AreaCode,
    pub(crate) parent: Option<AreaCode>,
    pub(crate) level: String,
    pub(crate) name: Text,
    pub(crate) centre: Position,
    pub(crate) polygon: MultiPolygon<f64>,
}

impl AreaTree {
    /// The area that is the whole city, in every tree.
    pub const ROOT: AreaIdx = AreaIdx(0);

    /// The tree of checked `seeds`, in their order as far as parents come first. Seeds whose
    /// parents are missing or go in a circle are left out: checking is the reader's part.
    pub(crate) fn from_seeds(seeds: Vec<AreaSeed>) -> Self {
        let mut tree = Self::default();
        let mut waiting = seeds;
        loop {
            let n_waiting = waiting.len();
            let mut left = Vec::new();
            for seed in waiting {
                let parent = seed.parent.as_ref().map(|code| tree.index_of(code));
                match parent {
                    Some(None) => left.push(seed),
                    Some(Some(parent)) => tree.push(seed, Some(parent)),
                    None => tree.push(seed, None),
                }
            }
            if left.len() == n_waiting || left.is_empty() {
                return tree;
            }
            waiting = left;
        }
    }

    fn push(&mut self, seed: AreaSeed, parent: Option<AreaIdx>) {
        let Ok(number) = u32::try_from(self.nodes.len()) else {
            return;
        };
        let idx = AreaIdx(number);
        let line = parent.map_or(&[][..], |parent| self.ancestors(parent));
        let ancestors = line.iter().copied().chain([idx]).collect();
        if let Some(node) = parent.and_then(|parent| self.nodes.get_mut(parent.index())) {
            node.children.push(idx);
        }
        self.by_code.insert(seed.code.clone(), idx);
        self.nodes.push(Node {
            code: seed.code,
            parent,
            level: seed.level,
            name: seed.name,
            centre: seed.centre,
            polygon: seed.polygon,
            ancestors,
            children: Vec::new(),
        });
    }

    fn node(&self, idx: AreaIdx) -> Option<&Node> {
        self.nodes.get(idx.index())
    }

    /// How many areas there are.
    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    /// Whether there are none: only before a package is loaded.
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    /// All areas, parents before children.
    #[expect(
        clippy::cast_possible_truncation,
        reason = "`push` takes no more than u32 counts"
    )]
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = AreaIdx> + ExactSizeIterator {
        (0..self.nodes.len()).map(|number| AreaIdx(number as u32))
    }

    /// The area with this code.
    pub fn index_of(&self, code: &AreaCode) -> Option<AreaIdx> {
        self.by_code.get(code).copied()
    }

    /// The area's code.
    pub fn code(&self, idx: AreaIdx) -> Option<&AreaCode> {
        self.node(idx).map(|node| &node.code)
    }

    /// The area that holds it; `None` for the city.
    pub fn parent(&self, idx: AreaIdx) -> Option<AreaIdx> {
        self.node(idx)?.parent
    }

    /// The areas that hold it, widest first, and itself last.
    pub fn ancestors(&self, idx: AreaIdx) -> &[AreaIdx] {
        self.node(idx).map_or(&[], |node| &node.ancestors)
    }

    /// Codes of [`Self::ancestors`].
    pub fn codes(&self, idx: AreaIdx) -> impl Iterator<Item = &AreaCode> {
        self.ancestors(idx)
            .iter()
            .filter_map(|area| self.code(*area))
    }

    /// How many areas hold it: 0 for the city.
    pub fn depth(&self, idx: AreaIdx) -> usize {
        self.ancestors(idx).len().saturating_sub(1)
    }

    /// Name of its level, from `city.toml`.
    pub fn level(&self, idx: AreaIdx) -> Option<&str> {
        self.node(idx).map(|node| node.level.as_str())
    }

    /// Its name.
    pub fn name(&self, idx: AreaIdx) -> Option<&Text> {
        self.node(idx).map(|node| &node.name)
    }

    /// The areas directly within it.
    pub fn children(&self, idx: AreaIdx) -> &[AreaIdx] {
        self.node(idx).map_or(&[], |node| &node.children)
    }

    /// A point inside it, for labels.
    pub fn centre(&self, idx: AreaIdx) -> Option<Position> {
        self.node(idx).map(|node| node.centre)
    }

    /// Its outline: x is longitude, y is latitude, degrees.
    pub fn polygon(&self, idx: AreaIdx) -> Option<&MultiPolygon<f64>> {
        self.node(idx).map(|node| &node.polygon)
    }

    /// The areas as screens get them, parents first.
    pub fn catalog(&self) -> Vec<Area> {
        let area = |node: &Node| Area {
            code: node.code.clone(),
            parent: node.parent.and_then(|parent| self.code(parent)).cloned(),
            level: node.level.clone(),
            name: node.name.clone(),
            centre: node.centre,
        };
        self.nodes.iter().map(area).collect()
    }
}
