//! Vehicles that drive along the roads: buses stop, taxis and trucks roam, all near their home.

use egret_shared::time::TimeMs;

use crate::dice::Dice;
use crate::plane::Point;
use crate::roads::{Edge, RoadKind, Roads};
use crate::traffic::Traffic;

/// How a kind of vehicle drives.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Driving {
    /// Share of the cars' speed.
    pub(crate) pace: f64,
    /// Never faster, km/h.
    pub(crate) speed_kmh_max: f64,
    /// Metres between stops.
    pub(crate) stop_every_m: f64,
    /// How long a stop lasts, seconds.
    pub(crate) stop_s: f64,
    /// How far it goes from home, metres.
    pub(crate) roam_m: f64,
}

/// One vehicle on its way.
#[derive(Clone, Debug)]
pub(crate) struct Vehicle {
    driving: Driving,
    home: Point,
    edge: usize,
    /// From the edge's first end to its second.
    forward: bool,
    along_m: f64,
    /// Metres to the right of the line, so that a road's vehicles do not all lie in one.
    aside_m: f64,
    /// This driver's own share of the speed.
    manner: f64,
    to_stop_m: f64,
    stop_left_s: f64,
    speed_kmh: f64,
    moved: TimeMs,
    /// What is on board, in the fleet's own measure.
    pub(crate) carried: f64,
    dice: Dice,
}

impl Vehicle {
    /// A vehicle near `home` at `at`.
    pub(crate) fn new(
        driving: Driving,
        home: Point,
        at: TimeMs,
        roads: &Roads,
        mut dice: Dice,
    ) -> Self {
        let (edge, along_m) = roads.start_near(home, &mut dice);
        Self {
            driving,
            home,
            edge,
            forward: dice.chance(0.5),
            along_m,
            aside_m: dice.between(4.0, 16.0),
            manner: dice.between(0.85, 1.12),
            to_stop_m: dice.between(0.0, driving.stop_every_m),
            stop_left_s: 0.0,
            speed_kmh: 0.0,
            moved: at,
            carried: 0.0,
            dice,
        }
    }

    /// Drives on until `at`.
    pub(crate) fn drive_until(&mut self, at: TimeMs, roads: &Roads, traffic: &Traffic) {
        let mut left_s = (at.since(self.moved).ms() as f64 / 1_000.0).clamp(0.0, 120.0);
        self.moved = at;
        // Each round ends at a stop, a node or the time; short edges make several rounds.
        for _ in 0..64 {
            if left_s <= 0.0 {
                break;
            }
            left_s -= self.stand_or_roll(left_s, roads, traffic);
        }
    }

    /// Where it is.
    pub(crate) fn place(&self, roads: &Roads) -> Point {
        let Some(edge) = roads.edge(self.edge) else {
            return self.home;
        };
        let on_line = edge.at(self.along_m);
        let right = (self.heading_deg(roads) + 90.0).to_radians();
        Point {
            x: on_line.x + self.aside_m * right.sin(),
            y: on_line.y + self.aside_m * right.cos(),
        }
    }

    /// Which way it points: degrees clockwise from north.
    pub(crate) fn heading_deg(&self, roads: &Roads) -> f64 {
        let heading = roads.edge(self.edge).map_or(0.0, Edge::heading_deg);
        if self.forward {
            heading
        } else {
            (heading + 180.0).rem_euclid(360.0)
        }
    }

    /// How fast it goes, km/h.
    pub(crate) fn speed_kmh(&self) -> f64 {
        self.speed_kmh
    }

    /// Whether it stands at a stop.
    pub(crate) fn stands(&self) -> bool {
        self.stop_left_s > 0.0
    }

    /// Its own stream of chance, for what it carries.
    pub(crate) fn dice(&mut self) -> &mut Dice {
        &mut self.dice
    }

    /// One stretch of standing or rolling, at most `left_s` long; tells how long it took.
    fn stand_or_roll(&mut self, left_s: f64, roads: &Roads, traffic: &Traffic) -> f64 {
        if self.stop_left_s > 0.0 {
            let stood_s = self.stop_left_s.min(left_s);
            self.stop_left_s -= stood_s;
            self.speed_kmh = 0.0;
            return stood_s;
        }
        let Some(edge) = roads.edge(self.edge) else {
            return left_s;
        };
        self.accelerate(edge.kind, traffic);
        let speed_mps = self.speed_kmh / 3.6;
        let to_end_m = if self.forward {
            edge.length_m - self.along_m
        } else {
            self.along_m
        };
        let stretch_m = (speed_mps * left_s)
            .min(to_end_m)
            .min(self.to_stop_m)
            .max(0.0);
        self.along_m += if self.forward { stretch_m } else { -stretch_m };
        self.to_stop_m -= stretch_m;
        if self.to_stop_m <= 0.01 {
            self.to_stop_m = self.driving.stop_every_m * self.dice.between(0.6, 1.4);
            self.stop_left_s = self.driving.stop_s * self.dice.between(0.5, 1.6);
        } else if to_end_m - stretch_m <= 0.01 {
            self.turn(edge, roads);
        }
        stretch_m / speed_mps
    }

    /// Takes up what the road allows, not all at once.
    fn accelerate(&mut self, kind: RoadKind, traffic: &Traffic) {
        let road_kmh = traffic.speed_kmh(self.edge, kind) * self.driving.pace * self.manner;
        let wanted = road_kmh.min(self.driving.speed_kmh_max) * (1.0 + 0.16 * self.dice.normal());
        let speed = 0.45 * self.speed_kmh + 0.55 * wanted;
        self.speed_kmh = speed.clamp(2.0, self.driving.speed_kmh_max);
    }

    /// Chooses where to go on at the end of an edge: any way but back, towards home from afar.
    fn turn(&mut self, edge: &Edge, roads: &Roads) {
        let [first, second] = edge.ends;
        let node = if self.forward { second } else { first };
        let [a, b] = edge.points;
        let here = if self.forward { b } else { a };
        let homesick = here.distance_m(self.home) > self.driving.roam_m;
        let ways = roads.leaving(node).iter().filter(|way| **way != self.edge);
        let ways: Vec<(usize, f64)> = ways
            .filter_map(|way| Some((*way, self.appeal(roads.edge(*way)?, node, here, homesick))))
            .collect();
        let Some(way) = self.dice.weighted(&ways).copied() else {
            // A dead end: back.
            self.forward = !self.forward;
            return;
        };
        self.edge = way;
        if let Some(next) = roads.edge(way) {
            self.forward = next.ends.first() == Some(&node);
            self.along_m = if self.forward { 0.0 } else { next.length_m };
        }
    }

    /// How much a way appeals that leaves `node`.
    fn appeal(&self, way: &Edge, node: usize, here: Point, homesick: bool) -> f64 {
        let [a, b] = way.points;
        let there = if way.ends.first() == Some(&node) {
            b
        } else {
            a
        };
        let gained_m = here.distance_m(self.home) - there.distance_m(self.home);
        let home = if homesick {
            (2.5 * gained_m / way.length_m.max(1.0)).exp()
        } else {
            1.0
        };
        let kind = match way.kind {
            RoadKind::Motorway => 0.4,
            RoadKind::Crossing | RoadKind::Street => 1.0,
        };
        home * kind
    }
}
