"""The register of assets: how many of which feed stand where, and what they are called.

The numbers of manholes (440) and ponding gauges (156) and the names of the reservoirs and the
crossings are public facts (README); every position is drawn at random on the schematic map.
"""

from dataclasses import dataclass

import shapely
from shapely import Point

from placing import Ground, Placer, lon_lat
from plane import metres_from_degrees

DISTRICTS = ["350203", "350206", "350205", "350211", "350212", "350213"]
"""The order of the counts below: Siming, Huli, Haicang, Jimei, Tong'an, Xiang'an."""


@dataclass(frozen=True)
class Kind:
    """The assets of one feed: `per_district` of them, at least `at_least` in each subdistrict."""

    feed: str
    prefix: str
    zh: str
    en: str
    how: str
    gap_m: float
    per_district: tuple
    at_least: int = 0


KINDS = [
    Kind("ponding", "P", "积水计", "ponding gauge", "road", 300.0, (40, 36, 18, 24, 22, 16), 1),
    Kind("rain", "R", "雨量站", "rain gauge", "spread", 600.0, (14, 13, 17, 20, 34, 22), 1),
    Kind("river", "RV", "河道水位", "river gauge", "spread", 1500.0, (1, 1, 2, 4, 5, 3)),
    Kind("pump", "PS", "排涝泵站", "pump station", "town", 500.0, (4, 2, 1, 3, 1, 1)),
    Kind("water-quality", "WQ", "水质站", "water quality station", "spread", 1500.0, (2, 1, 1, 2, 2, 1)),
    Kind("water-supply", "WS", "供水压力点", "supply pressure point", "town", 400.0, (9, 8, 6, 6, 6, 5)),
    Kind("noise", "N", "噪声站", "noise station", "town", 500.0, (3, 2, 1, 2, 1, 1)),
    Kind("weather", "W", "气象站", "weather station", "spread", 2000.0, (2, 1, 2, 2, 3, 2)),
    Kind("dust", "D", "扬尘监测", "dust monitor", "town", 500.0, (3, 4, 4, 5, 4, 4)),
    Kind("arterial", "T", "干线检测器", "arterial detector", "road", 600.0, (14, 13, 8, 9, 8, 8)),
    Kind("metro", "MS", "轨道站", "metro station", "road", 800.0, (8, 6, 2, 6, 1, 1)),
    Kind("parking", "PK", "停车场", "car park", "town", 200.0, (16, 12, 6, 7, 5, 4)),
    Kind("crowd", "CR", "客流计", "crowd counter", "town", 400.0, (5, 2, 1, 2, 1, 1)),
    Kind("gas", "G", "燃气监测", "gas detector", "town", 300.0, (8, 7, 4, 5, 3, 3)),
    Kind("street-light", "L", "路灯箱", "street light cabinet", "kerb", 400.0, (14, 13, 9, 9, 8, 7)),
    Kind("waste", "WT", "垃圾转运站", "waste transfer station", "town", 500.0, (5, 4, 3, 3, 3, 2)),
    Kind("bike", "B", "共享单车点", "bike parking", "kerb", 250.0, (12, 11, 5, 6, 3, 3)),
    Kind("power", "PW", "变电站", "substation", "town", 600.0, (5, 4, 4, 4, 4, 3)),
    Kind("shelter", "SH", "避难场所", "shelter", "town", 500.0, (4, 4, 4, 4, 4, 4)),
    Kind("rescue-team", "RT", "救援队", "rescue team", "town", 600.0, (3, 3, 3, 3, 3, 3)),
    Kind("tourism", "SC", "景区", "scenic area", "spread", 800.0, (3, 1, 1, 1, 1, 1)),
]

MANHOLES = (110, 100, 50, 70, 60, 50)
"""One stands 100 to 250 m from every ponding gauge, so that a surcharge and its ponding can meet."""

AT_CENTRE = {
    "air": (
        "A",
        "空气站",
        "air station",
        ["350203008", "350203010", "350206004", "350205001", "350211001", "350211003", "350212001", "350213002"],
    ),
    "service-hall": (
        "H",
        "政务大厅",
        "service hall",
        ["350203007", "350206005", "350203009", "350205001", "350211001", "350212001", "350213002"],
    ),
    "warning": (
        "WN",
        "预警发布",
        "warning desk",
        ["350203007", "350206005", "350205001", "350211001", "350212001", "350213002"],
    ),
    "hotline-desk": ("HD", "热线话务厅", "hotline desk", ["350203007"]),
    "market": ("MK", "商事登记", "market registry", ["350203007"]),
    "tax": ("TX", "电子发票", "electronic invoices", ["350203007"]),
    "online-service": ("OS", "一网通办", "online services", ["350203007"]),
}
"""Assets of which the public knows the part of town: near that subdistrict's centre."""

AT_POINT = {
    "reservoir": (
        "RS",
        "",
        "reservoir",
        [
            ("石兜水库", "Shidou", 118.005, 24.685),
            ("汀溪水库", "Tingxi", 118.135, 24.825),
            ("莲花水库", "Lianhua", 118.050, 24.800),
            ("溪东水库", "Xidong", 118.100, 24.840),
            ("竹坝水库", "Zhuba", 118.190, 24.785),
            ("古宅水库", "Guzhai", 118.250, 24.775),
            ("曾溪水库", "Zengxi", 118.290, 24.745),
        ],
    ),
    "lake": (
        "LK",
        "水位",
        "level",
        [
            ("筼筜湖一", "Yundang Lake 1", 118.088, 24.477),
            ("筼筜湖二", "Yundang Lake 2", 118.101, 24.476),
            ("杏林湾一", "Xinglin Bay 1", 118.068, 24.592),
            ("杏林湾二", "Xinglin Bay 2", 118.060, 24.606),
        ],
    ),
    "tide": (
        "TD",
        "潮位站",
        "tide gauge",
        [
            ("鹭江", "Lujiang", 118.073, 24.459),
            ("海沧", "Haicang", 118.005, 24.452),
            ("大嶝", "Dadeng", 118.325, 24.552),
        ],
    ),
    "port": (
        "PT",
        "港区",
        "port",
        [
            ("东渡", "Dongdu", 118.075, 24.490),
            ("海沧", "Haicang", 118.003, 24.455),
            ("刘五店", "Liuwudian", 118.225, 24.582),
        ],
    ),
    "airport": ("AP", "机场", "airport", [("高崎", "Gaoqi", 118.128, 24.544)]),
}
"""Assets with a known place; a point that falls into the water moves to the nearest land."""

MOVING = {
    "bus": ("BUS", "公交车", "bus", 1200),
    "taxi": ("TAXI", "出租车", "taxi", 800),
    "pump-truck": ("PV", "泵车", "pump truck", 12),
    "sanitation": ("SV", "环卫车", "sanitation truck", 60),
}
"""Vehicles: known ahead by name and number, but nowhere until their first message."""

BRIDGE_SENSORS_AT = (0.35, 0.65)
"""Where along a bridge its two structure sensors sit, as shares of its length."""


def register(ground: Ground, crossings):
    """All rows of `assets.csv`; `crossings` are (properties, line in degrees) pairs."""
    rows, gauges = [], {}
    for kind in KINDS:
        placed = _drawn(ground, kind)
        if kind.feed == "ponding":
            gauges = placed
        rows += _rows(ground, kind.feed, kind.prefix, kind.zh, kind.en, placed)
    rows += _rows(ground, "manhole", "M", "窨井", "manhole", _manholes(ground, gauges))
    for feed, (prefix, zh, en, codes) in AT_CENTRE.items():
        rows += _at_centres(ground, feed, prefix, zh, en, codes)
    for feed, (prefix, zh, en, places) in AT_POINT.items():
        rows += _at_points(ground, feed, prefix, zh, en, places)
    for number, (properties, line) in enumerate(crossings, start=1):
        rows += _detectors(ground, number, properties, metres_from_degrees(line))
        if properties["structure"] == "bridge":
            rows += _bridge(ground, number, properties, metres_from_degrees(line))
    rows += _vehicles()
    return sorted(rows, key=lambda row: (row["feed"], row["asset"]))


def _row(ground, feed, asset, zh, en, point):
    lon, lat = lon_lat(point)
    area = ground.subdistrict_at(point).code
    return {
        "feed": feed,
        "asset": asset,
        "name_zh": zh,
        "name_en": en,
        "lon": f"{lon:.5f}",
        "lat": f"{lat:.5f}",
        "area": area,
    }


def _vehicles():
    nowhere = {"lon": "", "lat": "", "area": ""}
    return [
        {
            "feed": feed,
            "asset": f"{prefix}-{i:0{len(str(total))}}",
            "name_zh": f"{zh} {i}",
            "name_en": f"{en} {i}".capitalize(),
            **nowhere,
        }
        for feed, (prefix, zh, en, total) in MOVING.items()
        for i in range(1, total + 1)
    ]


def _drawn(ground, kind):
    """District code to points, in the order of `DISTRICTS`."""
    placer = Placer(ground, kind.feed)
    placed = {}
    for district, wanted in zip(DISTRICTS, kind.per_district, strict=True):
        first = [s.code for s in ground.children(district) for _ in range(kind.at_least)]
        codes = first + [district] * (wanted - len(first))
        placed[district] = [placer.place(kind.how, code, kind.gap_m) for code in codes]
    return placed


def _manholes(ground, gauges):
    placer = Placer(ground, "manhole")
    placed = {}
    for district, wanted in zip(DISTRICTS, MANHOLES, strict=True):
        points = [placer.beside(gauge, district, 100.0, 250.0) for gauge in gauges[district]]
        hows = ["kerb", "town"] * wanted
        points += [placer.place(how, district, 120.0) for how in hows[: wanted - len(points)]]
        placed[district] = points
    return placed


def _rows(ground, feed, prefix, zh, en, placed):
    total = sum(len(points) for points in placed.values())
    digits = max(2, len(str(total)))
    rows = []
    for district in DISTRICTS:
        name = ground.by_code[district]
        for point in placed[district]:
            asset = f"{prefix}-{len(rows) + 1:0{digits}}"
            short_zh = name.name_zh.removesuffix("区")
            rows.append(_row(ground, feed, asset, f"{asset} {short_zh} {zh}", f"{asset} {name.name_en} {en}", point))
    return rows


def _at_centres(ground, feed, prefix, zh, en, codes):
    placer = Placer(ground, feed)
    rows = []
    for number, code in enumerate(codes, start=1):
        area = ground.by_code[code]
        asset = f"{prefix}-{number:02}"
        place = area.name_zh.removesuffix("街道").removesuffix("镇")
        point = placer.place("town", code, 300.0)
        rows.append(_row(ground, feed, asset, f"{asset} {place} {zh}", f"{asset} {area.name_en} {en}", point))
    return rows


def _at_points(ground, feed, prefix, zh, en, places):
    rows = []
    for number, (place_zh, place_en, lon, lat) in enumerate(places, start=1):
        asset = f"{prefix}-{number:02}"
        point = ground.nearest_land(metres_from_degrees(Point(lon, lat)))
        rows.append(_row(ground, feed, asset, f"{asset} {place_zh} {zh}".strip(), f"{asset} {place_en} {en}", point))
    return rows


def _detectors(ground, number, properties, line):
    """Two directions at each landing: ashore, so that the detector counts for the district it serves."""
    placer = Placer(ground, f"crossing-{number}")
    rows = []
    for end, end_zh, at in (("A", "岛端", 0.0), ("B", "陆端", 1.0)):
        landing = ground.nearest_land(line.interpolate(at, normalized=True))
        code = ground.subdistrict_at(landing).code
        for way, way_zh, way_en in (("IN", "进岛", "inbound"), ("OUT", "出岛", "outbound")):
            point = placer.beside(landing, code, 20.0, 45.0)
            side = "island end" if end == "A" else "mainland end"
            rows.append(
                _row(
                    ground,
                    "crossing",
                    f"X{number}-{way}-{end}",
                    f"{properties['name_zh']} {way_zh} {end_zh}",
                    f"{properties['name_en']} {way_en} {side}",
                    point,
                )
            )
    return rows


def _bridge(ground, number, properties, line):
    return [
        _row(
            ground,
            "bridge",
            f"BR{number}-{i}",
            f"{properties['name_zh']} 结构监测 {i}",
            f"{properties['name_en']} structure sensor {i}",
            shapely.line_interpolate_point(line, at, normalized=True),
        )
        for i, at in enumerate(BRIDGE_SENSORS_AT, start=1)
    ]
