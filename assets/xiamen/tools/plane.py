"""Degrees and metres: a flat picture of the city, good to a few metres over its 60 km.

Everything that measures a distance works on this plane; everything that is written to a file is
WGS 84 degrees, rounded to `DIGITS` (about one metre).
"""

import json
from math import cos, radians
from pathlib import Path

from shapely import transform
from shapely.geometry import shape

DIGITS = 5
GRID_DEG = 1e-5
"""Coordinates lie on this grid, so that neighbours share their borders exactly."""

ORIGIN_LON, ORIGIN_LAT = 118.1, 24.6
M_PER_DEG_LAT = 110_770.0
M_PER_DEG_LON = 111_320.0 * cos(radians(ORIGIN_LAT))


def metres_from_degrees(geometry):
    """A geometry in degrees, drawn on the plane."""
    return transform(geometry, lambda c: (c - [ORIGIN_LON, ORIGIN_LAT]) * [M_PER_DEG_LON, M_PER_DEG_LAT])


def degrees_from_metres(geometry):
    """The way back from the plane."""
    return transform(geometry, lambda c: c / [M_PER_DEG_LON, M_PER_DEG_LAT] + [ORIGIN_LON, ORIGIN_LAT])


def read_features(path: Path):
    """The (properties, geometry in degrees) pairs of a GeoJSON file."""
    collection = json.loads(path.read_text(encoding="utf-8"))
    return [(f["properties"], shape(f["geometry"])) for f in collection["features"]]


def write_features(path: Path, features):
    """Writes (properties, geometry in degrees) pairs, one feature a line so that diffs can be read."""
    lines = [
        json.dumps(
            {"type": "Feature", "properties": properties, "geometry": rounded(geometry)},
            ensure_ascii=False,
            separators=(",", ":"),
        )
        for properties, geometry in features
    ]
    path.write_text('{"type":"FeatureCollection","features":[\n' + ",\n".join(lines) + "\n]}\n", encoding="utf-8")


def rounded(geometry):
    """A geometry as GeoJSON, with as many digits as the data deserve and rings as RFC 7946 winds them."""
    return _round(geometry.__geo_interface__)


def _round(node):
    if isinstance(node, dict):
        return {key: _round(value) for key, value in node.items()}
    if isinstance(node, (list, tuple)):
        return [_round(value) for value in node]
    return round(node, DIGITS) if isinstance(node, float) else node
