//! The road network: the map's lines as a graph that vehicles can drive on.
//!
//! The lines are drawn for the eye: they cross without a shared point and end beside each other.
//! So they are cut where they cross, an end near another road is joined to it, and points within
//! a few metres become one. Two roads never meet by more than [`JOIN_M`], so a vehicle on the
//! graph is never far from a drawn road.

use serde_json::Value;

use crate::dice::Dice;
use crate::plane::{Plane, Point};

mod cut;

/// Points nearer than this are one crossing, in metres.
const MERGE_M: f64 = 25.0;

/// An end nearer than this to another road is joined to it, in metres.
pub(super) const JOIN_M: f64 = 60.0;

/// How roads are driven.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RoadKind {
    /// Expressways.
    Motorway,
    /// Bridges and tunnels to the island.
    Crossing,
    /// Main roads, and whatever else the map draws.
    Street,
}

impl RoadKind {
    fn from_text(kind: &str) -> Self {
        match kind {
            "motorway" => Self::Motorway,
            "crossing" => Self::Crossing,
            _ => Self::Street,
        }
    }
}

/// A straight piece of road between two nodes.
#[derive(Clone, Debug)]
pub(crate) struct Edge {
    /// Its ends, as node numbers.
    pub(crate) ends: [usize; 2],
    /// Its ends, as places.
    pub(crate) points: [Point; 2],
    /// How long it is.
    pub(crate) length_m: f64,
    /// What kind of road.
    pub(crate) kind: RoadKind,
}

impl Edge {
    /// The place `along_m` metres from its first end.
    pub(crate) fn at(&self, along_m: f64) -> Point {
        let [from, to] = self.points;
        from.towards(to, (along_m / self.length_m).clamp(0.0, 1.0))
    }

    /// Which way it leads from its first to its second end: degrees clockwise from north.
    pub(crate) fn heading_deg(&self) -> f64 {
        let [from, to] = self.points;
        (to.x - from.x)
            .atan2(to.y - from.y)
            .to_degrees()
            .rem_euclid(360.0)
    }
}

/// The road network.
#[derive(Clone, Debug, Default)]
pub(crate) struct Roads {
    nodes: Vec<Point>,
    edges: Vec<Edge>,
    /// Edges at each node.
    leaving: Vec<Vec<usize>>,
}

/// A line of the map.
#[derive(Clone, Debug)]
struct Line {
    kind: RoadKind,
    points: Vec<Point>,
}

/// Why there are no roads.
#[derive(Debug, thiserror::Error)]
pub enum RoadsError {
    /// The layer is no JSON.
    #[error("the road layer is no JSON: {0}")]
    Json(#[from] serde_json::Error),
    /// The layer has no line to drive on.
    #[error("the road layer has no LineString with two points")]
    Empty,
}

impl Roads {
    /// The network of a GeoJSON layer of `LineString`s.
    ///
    /// # Errors
    /// What is wrong with the layer as a whole; features of other kinds are passed over.
    pub(crate) fn from_geojson(text: &str, plane: Plane) -> Result<Self, RoadsError> {
        let lines = read_lines(&serde_json::from_str(text)?, plane);
        let mut roads = Self::default();
        for line in cut::at_crossings(&lines) {
            let mut ends = line.points.iter().map(|point| roads.node(*point));
            let nodes: Vec<usize> = ends.by_ref().collect();
            for pair in nodes.windows(2) {
                if let [from, to] = pair {
                    roads.connect(*from, *to, line.kind);
                }
            }
        }
        if roads.edges.is_empty() {
            return Err(RoadsError::Empty);
        }
        Ok(roads)
    }

    /// All pieces of road, by number.
    pub(crate) fn edges(&self) -> &[Edge] {
        &self.edges
    }

    /// The piece with this number.
    pub(crate) fn edge(&self, index: usize) -> Option<&Edge> {
        self.edges.get(index)
    }

    /// The pieces that meet at a node.
    pub(crate) fn leaving(&self, node: usize) -> &[usize] {
        self.leaving.get(node).map_or(&[], Vec::as_slice)
    }

    /// A place to start near `home`: a piece of road and metres along it, out of the nearest few.
    pub(crate) fn start_near(&self, home: Point, dice: &mut Dice) -> (usize, f64) {
        let mut near: Vec<(usize, f64)> = self
            .edges
            .iter()
            .enumerate()
            .map(|(index, edge)| (index, distance_to_edge_m(edge, home)))
            .collect();
        near.sort_by(|(_, a), (_, b)| a.total_cmp(b));
        near.truncate(6);
        let index = dice.pick(&near).map_or(0, |(index, _)| *index);
        let length_m = self.edge(index).map_or(0.0, |edge| edge.length_m);
        (index, dice.between(0.0, length_m))
    }

    /// The node at `point`, an old one if one is near.
    fn node(&mut self, point: Point) -> usize {
        let known = self
            .nodes
            .iter()
            .position(|node| node.distance_m(point) < MERGE_M);
        known.unwrap_or_else(|| {
            self.nodes.push(point);
            self.leaving.push(Vec::new());
            self.nodes.len() - 1
        })
    }

    fn connect(&mut self, from: usize, to: usize, kind: RoadKind) {
        let (Some(a), Some(b)) = (self.nodes.get(from), self.nodes.get(to)) else {
            return;
        };
        let edge = Edge {
            ends: [from, to],
            points: [*a, *b],
            length_m: a.distance_m(*b),
            kind,
        };
        let same = |old: &Edge| old.ends == [from, to] || old.ends == [to, from];
        if from == to || self.edges.iter().any(same) {
            return;
        }
        for node in edge.ends {
            if let Some(leaving) = self.leaving.get_mut(node) {
                leaving.push(self.edges.len());
            }
        }
        self.edges.push(edge);
    }
}

fn distance_to_edge_m(edge: &Edge, point: Point) -> f64 {
    let [from, to] = edge.points;
    from.towards(to, point.nearest_share(from, to))
        .distance_m(point)
}

fn read_lines(layer: &Value, plane: Plane) -> Vec<Line> {
    let features = layer.get("features").and_then(Value::as_array);
    let line = |feature: &Value| {
        let kind = feature.pointer("/properties/kind").and_then(Value::as_str);
        let coordinates = feature.pointer("/geometry/coordinates")?.as_array()?;
        let points = coordinates.iter().filter_map(|pair| {
            let lon = pair.get(0)?.as_f64()?;
            let lat = pair.get(1)?.as_f64()?;
            let position = egret_shared::position::Position { lon, lat };
            Some(plane.point_from(position))
        });
        let points: Vec<Point> = points.collect();
        (points.len() >= 2).then(|| Line {
            kind: RoadKind::from_text(kind.unwrap_or_default()),
            points,
        })
    };
    features.into_iter().flatten().filter_map(line).collect()
}

#[cfg(test)]
mod tests;
