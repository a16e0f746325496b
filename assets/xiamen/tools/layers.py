"""The layers of the offline base map: land, district outlines, roads and crossings, labels."""

from pathlib import Path

import shapely

from plane import degrees_from_metres, metres_from_degrees, read_features, write_features

LABEL_PRECISION_M = 20.0


def write_layers(source: Path, out: Path, areas):
    """Writes `land`, `districts`, `roads`, `crossings` and `labels` (all `.geojson`) into `out`."""
    write_features(out / "land.geojson", read_features(source / "land.geojson"))
    districts = [a for a in areas if a.level == "district"]
    write_features(out / "districts.geojson", [({"kind": "area", **a.properties()}, a.shape) for a in districts])
    drawn = read_features(source / "roads.geojson")
    roads = [({**p, "schematic": True}, g) for p, g in drawn if g.geom_type != "Point"]
    places = [({**p, "rank": 3}, g) for p, g in drawn if g.geom_type == "Point"]
    write_features(out / "roads.geojson", roads)
    crossings = [(p, g) for p, g in roads if p["kind"] == "crossing"]
    write_features(out / "crossings.geojson", [(_measured(n, p), g) for n, (p, g) in enumerate(crossings, start=1)])
    write_features(out / "labels.geojson", [*_area_labels(areas), *places])


def _measured(number, properties):
    """A crossing with the metrics that tell how much flows over it and how fast; `assets.py` numbers them alike."""
    metric = f"traffic.crossing_{number}"
    return {**properties, "flow": f"{metric}_rate", "speed": f"{metric}_speed_p50"}


def _area_labels(areas):
    """District names at the middle of their land, subdistrict names at their centre; `rank` 1 shows first."""
    for area in areas:
        names = {"name_zh": area.name_zh, "name_en": area.name_en}
        if area.level == "district":
            short = {**names, "name_zh": area.name_zh.removesuffix("区")}
            yield {"kind": "district", "code": area.code, **short, "rank": 1}, _middle(area.shape)
        elif area.level == "subdistrict":
            yield {"kind": "subdistrict", "code": area.code, **names, "rank": 2}, area.centre


def _middle(shape):
    """The centre of the largest circle inside the largest part: a label there never lands in the sea."""
    flat = max(shapely.get_parts(metres_from_degrees(shape)), key=lambda part: part.area)
    return degrees_from_metres(shapely.maximum_inscribed_circle(flat, LABEL_PRECISION_M).interpolate(0))
