// The tests' second city with something changed in it.
import { cpSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

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
