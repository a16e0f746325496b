// The city of the benchmarks: a rectangle with nothing in it but vehicles, and a wall that is nearly
// all map. Its one other feed carries marks, numbers that only rise. It is made up and the same in
// every run.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** West, south, east, north in degrees of a city that is so wide. At 0.02 (2 km) a small map draws every
 *  vehicle for itself, at 0.4 (40 km) the server counts them in cells. */
export function boxOf(degrees) {
  const [lon, lat, high] = [118.2, 24.525, 0.625 * degrees];
  return [lon - degrees / 2, lat - high / 2, lon + degrees / 2, lat + high / 2];
}

const ROOT = "900000";

const FILES = {
  "city.toml": `schema = 1
id = "bench"
name = { zh = "测速城", en = "Bench city" }
timezone = "Asia/Shanghai"
centre = [118.2, 24.525]
zoom = 11
simulated = true
root = "${ROOT}"
levels = ["city", "district"]
`,
  "departments.toml": `[[department]]
id = "transport"
name = { zh = "交通局", en = "Transport" }
area = "${ROOT}"
`,
  "properties.toml": `[[property]]
id = "speed"
name = { zh = "车速", en = "Speed" }
unit = "km/h"
range = [0.0, 300.0]

[[property]]
id = "mark"
name = { zh = "标记", en = "Mark" }
unit = "1"
range = [0.0, 1e9]
`,
  "feeds.toml": `[[feed]]
id = "cab"
name = { zh = "车辆", en = "Vehicles" }
department = "transport"
domain = "traffic"
asset_class = "cab"
moving = true
topic = "egret/v1/cab/+"
format = "egret-json"
expect_every = "1h"
lateness = "10m"
classification = "public"

[[feed]]
id = "mark"
name = { zh = "标记", en = "Marks" }
department = "transport"
domain = "traffic"
asset_class = "mark"
topic = "egret/v1/mark/+"
format = "egret-json"
expect_every = "1h"
lateness = "10m"
classification = "public"
`,
  "metrics.toml": `[[metric]]
id = "bench.speed"
name = { zh = "平均车速", en = "Mean speed" }
domain = "traffic"
source = { feed = "cab", property = "speed" }
aggregate = "mean"
window = { sliding = "1m", every = "10s" }
unit = "km/h"

[[metric]]
id = "bench.mark"
name = { zh = "标记", en = "Mark" }
domain = "traffic"
source = { feed = "mark", property = "mark" }
aggregate = "max"
window = { sliding = "1m", every = "10s" }
unit = "1"
`,
  "rules.toml": `[[rule]]
id = "fast"
name = { zh = "超速", en = "Too fast" }
kind = "threshold"
on = { feed = "cab", property = "speed" }
when = "value >= 299"
for = "10s"
level = "yellow"
`,
  "scenes.toml": `[[scene]]
id = "overview"
name = { zh = "总览", en = "Overview" }
dwell = "40s"
grid = [24, 12]

[[scene.panel]]
kind = "map"
at = [0, 0, 20, 12]
layers = ["assets"]

[[scene.panel]]
kind = "stat"
at = [20, 0, 4, 3]
metric = "bench.speed"

[[scene.panel]]
kind = "stat"
at = [20, 3, 4, 3]
metric = "bench.mark"
`,
  "assets.csv": "feed,asset,name_zh,name_en,lon,lat,area\n",
};

/** Writes the city package, within `box`, into a folder of its own; `close()` removes it. */
export function writeCity(box) {
  const folder = mkdtempSync(join(tmpdir(), "egret-bench-city-"));
  const [west, south, east, north] = box;
  const area = (code, parent, [from, to]) => {
    const ring = [[from, south], [to, south], [to, north], [from, north], [from, south]];
    const level = parent ? "district" : "city";
    const properties = { code, level, name_zh: code, name_en: code, ...(parent && { parent }) };
    return { type: "Feature", properties, geometry: { type: "Polygon", coordinates: [ring] } };
  };
  const half = (west + east) / 2;
  const features = [
    area(ROOT, undefined, [west, east]),
    area("900001", ROOT, [west, half]),
    area("900002", ROOT, [half, east]),
  ];
  const areas = JSON.stringify({ type: "FeatureCollection", features });
  for (const [name, text] of Object.entries({ ...FILES, "areas.geojson": areas })) {
    writeFileSync(join(folder, name), text);
  }
  return { folder, close: () => rmSync(folder, { recursive: true, force: true }) };
}
