"""Makes the drawn parts of the demo city: `areas.geojson`, `assets.csv` and `map/*.geojson`.

    pip install 'shapely>=2.1'
    python3 -B assets/xiamen/tools/make.py

Reads only `tools/source/` (terms in `NOTICE.md`) and the tables in `assets.py`; the same input
gives the same files, byte for byte. The TOML files are written by hand and not touched. It ends
by checking what it wrote: borders shared exactly, every asset in the area it names.
"""

import csv
import sys
from pathlib import Path

import shapely
from shapely import Point

from areas import area_tree
from assets import register
from layers import write_layers
from placing import Ground
from plane import read_features, write_features

TOOLS = Path(__file__).resolve().parent
SOURCE = TOOLS / "source"
CITY = TOOLS.parent

OVER_WATER = {"bridge"}
"""Feeds whose assets stand on the crossings; their `area` is the nearest landing's."""

COLUMNS = ["feed", "asset", "name_zh", "name_en", "lon", "lat", "area"]


def main():
    """Makes everything, checks it, and tells the numbers."""
    areas = area_tree(SOURCE)
    lines = [(p, g) for p, g in read_features(SOURCE / "roads.geojson") if g.geom_type == "LineString"]
    crossings = [(p, g) for p, g in lines if p["kind"] == "crossing"]
    streets = [g for p, g in lines if p["kind"] in ("arterial", "ring")]
    rows = register(Ground(areas, streets), crossings)

    write_features(CITY / "areas.geojson", [(a.properties(), a.shape) for a in areas])
    with (CITY / "assets.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    (CITY / "map").mkdir(exist_ok=True)
    write_layers(SOURCE, CITY / "map", areas)

    faults = list(_faults())
    print(f"{len(areas)} areas, {len(rows)} assets, {len(faults)} faults")
    sys.exit("\n".join(faults) if faults else 0)


def _faults():
    """What is wrong with the files as written."""
    features = read_features(CITY / "areas.geojson")
    shapes = {p["code"]: g for p, g in features}
    yield from (f"areas.geojson: {code} is not a valid polygon" for code, g in shapes.items() if not g.is_valid)
    for level in ("district", "subdistrict"):
        level_shapes = [g for p, g in features if p["level"] == level]
        if not shapely.coverage_is_valid(level_shapes):
            yield f"areas.geojson: the {level}s overlap or leave gaps"
    for properties, shape in features:
        children = [g for p, g in features if p.get("parent") == properties["code"]]
        if children and not shapely.coverage_union_all(children).equals(shape):
            yield f"areas.geojson: {properties['code']} is not the union of its children"
    seen = set()
    with (CITY / "assets.csv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            key = (row["feed"], row["asset"])
            if key in seen:
                yield f"assets.csv: {key} stands twice"
            seen.add(key)
            if row["feed"] in OVER_WATER or not row["area"]:
                continue
            if not shapes[row["area"]].contains(Point(float(row["lon"]), float(row["lat"]))):
                yield f"assets.csv: {key} is not in {row['area']}"


if __name__ == "__main__":
    main()
