// The tests' second city with something changed in it.
import { cpSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

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

/** A copy of a city package; `changes` gives for a file's name what becomes of its text. */
export function cityWith(folder, changes) {
  const copy = mkdtempSync(join(tmpdir(), "egret-city-"));
  cpSync(folder, copy, { recursive: true });
  for (const [name, change] of Object.entries(changes)) {
    const path = join(copy, name);
    writeFileSync(path, change(readFileSync(path, "utf8")));
  }
  return copy;
}
