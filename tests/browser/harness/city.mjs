// The tests' second city with something changed in it.
import { cpSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** An archive of map tiles with land to the west of the tests' second city, a lake in it and a road
 *  through it; `tests/src/tiles.rs` makes it. */
export const ARCHIVE = fileURLToPath(new URL("../../fixtures/tiny.pmtiles", import.meta.url));

/** A second scene for `scenes.toml`, of other panels than the first and without a map. */
export const TABLES = `
[[scene]]
id    = "tables"
name  = { zh = "表格", en = "Tables" }
dwell = "40s"
grid  = [2, 2]

[[scene.panel]]
kind = "incidents"
at   = [0, 0, 1, 2]

[[scene.panel]]
kind = "ticker"
at   = [1, 0, 1, 2]
`;

/** A copy of a city package; `changes` gives for a file's name what becomes of its text, or what
 *  stands in it, as text or bytes, whether it was there or not. */
export function cityWith(folder, changes) {
  const copy = mkdtempSync(join(tmpdir(), "egret-city-"));
  cpSync(folder, copy, { recursive: true });
  for (const [name, change] of Object.entries(changes)) {
    const path = join(copy, name);
    mkdirSync(dirname(path), { recursive: true });
    const content = typeof change === "function" ? change(readFileSync(path, "utf8")) : change;
    writeFileSync(path, content);
  }
  return copy;
}
