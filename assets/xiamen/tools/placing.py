"""Where fixed assets may stand: near roads, around town centres, or spread over a district.

Random but repeatable: every feed draws from its own seed, so that adding a feed moves no other.
"""

from math import cos, pi, sin
from random import Random

import shapely
from shapely import Point
from shapely.prepared import prep

from plane import degrees_from_metres, metres_from_degrees

INSET_M = 25.0
"""Distance kept from every border, so that rounding cannot carry an asset into the neighbour."""

TOWN_SPREAD_M = 750.0
"""Standard deviation of the distance from a town's centre."""

TRIES_PER_GAP = 150
"""After so many failed draws the wanted gap is halved: a full district must not stop the run."""


class Ground:
    """The land of the city on the plane, with its roads."""

    def __init__(self, areas, roads):
        self.areas = [a for a in areas if a.level == "subdistrict"]
        self.by_code = {a.code: a for a in areas}
        self.inner = {a.code: metres_from_degrees(a.shape).buffer(-INSET_M) for a in areas}
        self.centres = {a.code: metres_from_degrees(a.centre) for a in self.areas}
        self._prepared = {code: prep(shape) for code, shape in self.inner.items()}
        network = shapely.union_all([metres_from_degrees(line) for line in roads])
        self._roads = {code: shapely.intersection(network, shape) for code, shape in self.inner.items()}

    def contains(self, code, point):
        """Whether a point of the plane stands in the area, clear of its border."""
        return self._prepared[code].contains(point)

    def subdistrict_at(self, point):
        """The subdistrict a point of the plane stands in, or the nearest one over water."""
        return min(self.areas, key=lambda a: self.inner[a.code].distance(point))

    def children(self, district):
        """The subdistricts of a district."""
        return [a for a in self.areas if a.parent == district]

    def nearest_land(self, point):
        """The point itself, or the nearest one ashore."""
        area = self.inner[self.subdistrict_at(point).code].buffer(-1.0)
        return shapely.shortest_line(area, point).interpolate(0) if not area.contains(point) else point

    def road(self, code):
        """The road lines inside an area; may be empty."""
        return self._roads[code]


class Placer:
    """Places the assets of one feed."""

    def __init__(self, ground: Ground, seed: str):
        self.ground = ground
        self.random = Random(seed)
        self.points = []

    def place(self, how, code, gap_m):
        """One more point in an area; `how` is road, kerb, town or spread."""
        draw = {
            "road": self._near_road(60.0),
            "kerb": self._near_road(250.0),
            "town": self._in_town,
            "spread": self._spread,
        }[how]
        gap = gap_m
        while True:
            for _ in range(TRIES_PER_GAP):
                point = draw(code)
                if self.ground.contains(code, point) and self._is_clear(point, gap):
                    self.points.append(point)
                    return point
            gap /= 2.0

    def beside(self, point, code, near_m, far_m):
        """One more point at a distance from another feed's asset, in the same area."""
        while True:
            angle, distance = self.random.uniform(0, 2 * pi), self.random.uniform(near_m, far_m)
            moved = Point(point.x + distance * cos(angle), point.y + distance * sin(angle))
            if self.ground.contains(code, moved):
                self.points.append(moved)
                return moved

    def _is_clear(self, point, gap):
        return all(point.distance(other) >= gap for other in self.points)

    def _near_road(self, off_m):
        def draw(code):
            road = self.ground.road(code)
            if road.length < 300.0:
                return self._in_town(code)
            on = road_point(road, self.random.uniform(0.0, road.length))
            return Point(on.x + self.random.uniform(-off_m, off_m), on.y + self.random.uniform(-off_m, off_m))

        return draw

    def _in_town(self, code):
        towns = [a.code for a in self.ground.areas if code in (a.code, a.parent)]
        centre = self.ground.centres[self.random.choice(towns)]
        return Point(self.random.gauss(centre.x, TOWN_SPREAD_M), self.random.gauss(centre.y, TOWN_SPREAD_M))

    def _spread(self, code):
        """The best of 20 draws: the one farthest from what stands already."""
        west, south, east, north = self.ground.inner[code].bounds
        drawn = [Point(self.random.uniform(west, east), self.random.uniform(south, north)) for _ in range(60)]
        ashore = [p for p in drawn if self.ground.contains(code, p)][:20] or drawn[:1]
        return max(ashore, key=lambda p: min((p.distance(o) for o in self.points), default=0.0))


def road_point(road, at_m):
    """The point `at_m` metres along a bundle of lines."""
    for line in shapely.get_parts(road):
        if at_m <= line.length:
            return line.interpolate(at_m)
        at_m -= line.length
    return shapely.get_parts(road)[-1].interpolate(1.0, normalized=True)


def lon_lat(point):
    """A point of the plane as rounded degrees."""
    degrees = degrees_from_metres(point)
    return round(degrees.x, 5), round(degrees.y, 5)
