"""The area tree: city, six districts, 38 subdistricts.

A subdistrict is the Voronoi cell of its centre among the centres of its own district, cut to the
district: a schematic stand-in for the official boundary. All borders are noded on one grid and
cut into faces; every area is a union of whole faces, so that neighbours share their borders
vertex by vertex, a district is exactly its subdistricts, and the city exactly its districts.
"""

import csv
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

import shapely
from shapely import MultiPoint, Point
from shapely.geometry.base import BaseGeometry

from plane import GRID_DEG, degrees_from_metres, metres_from_degrees, read_features

CITY = {"code": "350200", "level": "city", "name_zh": "厦门市", "name_en": "Xiamen"}

ISLET_M2 = 5e6
"""A part of a district below this size is an island of its own and goes whole to one subdistrict."""

SLIVER_DEG2 = 2e-6
"""Gaps between neighbouring districts below this size (about 0.02 km²) are drawing errors, not water."""


@dataclass
class Area:
    """One node of the tree; `shape` in degrees, `centre` where its town is (degrees)."""

    code: str
    parent: str
    level: str
    name_zh: str
    name_en: str
    shape: BaseGeometry
    centre: Point

    def properties(self):
        """The GeoJSON properties a city package asks for."""
        parent = {"parent": self.parent} if self.parent else {}
        names = {"level": self.level, "name_zh": self.name_zh, "name_en": self.name_en}
        return {"code": self.code, **parent, **names, "schematic": True}


def area_tree(source: Path):
    """All areas, parents before children."""
    districts = read_features(source / "districts.geojson")
    rows = _subdistrict_rows(source / "subdistricts.csv")
    pieces = []
    for properties, outline in districts:
        pieces += _cells(outline, rows[properties["code"]])
    subdistricts = _exact(pieces)
    tops = [_union_of(p, [s for s in subdistricts if s.parent == p["code"]]) for p, _ in districts]
    return [_union_of({**CITY, "parent": ""}, tops), *tops, *subdistricts]


def _subdistrict_rows(path: Path):
    rows = defaultdict(list)
    with path.open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            row["code"] = f"{row['district']}{len(rows[row['district']]) + 1:03}"
            rows[row["district"]].append(row)
    return rows


def _cells(outline, rows):
    """The district's subdistricts, borders not yet exact."""
    flat = metres_from_degrees(outline)
    centres = [metres_from_degrees(Point(float(r["lon"]), float(r["lat"]))) for r in rows]
    parts = defaultdict(list)
    mainland, islanders = [], set()
    for part in flat.geoms:
        owners = [i for i, c in enumerate(centres) if part.distance(c) == 0.0]
        if part.area < ISLET_M2 and len(owners) <= 1:
            islanders.update(owners)
            parts[min(range(len(rows)), key=lambda i: part.distance(centres[i]))].append(part)
        else:
            mainland.append(part)
    settlers = [i for i in range(len(rows)) if i not in islanders]
    points = MultiPoint([centres[i] for i in settlers])
    diagram = shapely.voronoi_polygons(points, extend_to=flat, ordered=True)
    for i, cell in zip(settlers, diagram.geoms, strict=True):
        parts[i].append(cell.intersection(shapely.union_all(mainland)))
    return [
        Area(
            r["code"],
            r["district"],
            "subdistrict",
            r["name_zh"],
            r["name_en"],
            degrees_from_metres(shapely.union_all(parts[i])),
            degrees_from_metres(centres[i]),
        )
        for i, r in enumerate(rows)
    ]


def _exact(pieces):
    """The same areas as unions of faces of one noded drawing."""
    lines = [shapely.boundary(p.shape) for p in pieces]
    noded = shapely.union_all(lines, grid_size=GRID_DEG)
    faces = defaultdict(list)
    for face in shapely.polygonize([noded]).geoms:
        owner = _owner(face, pieces)
        if owner is not None:
            faces[owner].append(face)
    for i, piece in enumerate(pieces):
        piece.shape = shapely.orient_polygons(shapely.coverage_union_all(faces[i]))
    return pieces


def _owner(face, pieces):
    """The piece a face belongs to; where drawings overlap the first wins; `None` is open water."""
    inside = face.representative_point()
    for i, piece in enumerate(pieces):
        if piece.shape.contains(inside):
            return i
    if face.area > SLIVER_DEG2:
        return None
    return min(range(len(pieces)), key=lambda i: pieces[i].shape.distance(inside))


def _union_of(properties, children):
    whole = shapely.orient_polygons(shapely.coverage_union_all([c.shape for c in children]))
    largest = max(shapely.get_parts(whole), key=lambda part: part.area)
    return Area(
        properties["code"],
        properties["parent"],
        properties["level"],
        properties["name_zh"],
        properties["name_en"],
        whole,
        shapely.maximum_inscribed_circle(largest, 1e-4).interpolate(0),
    )
