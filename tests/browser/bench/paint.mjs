// How soon a wall is there: a fresh browser with nothing in its cache each time, over loopback.
//
//   node bench/paint.mjs [--runs 11]
//
// Prints one line of JSON a figure: the middle of all runs, and what came over the wire before the
// figures stood.
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { join } from "node:path";

import { FULL_HD, Screen, launch } from "../harness/browser.mjs";
import { Egret } from "../harness/server.mjs";
import { line, option, round, say } from "./report.mjs";
import { Simulator, XIAMEN, pause } from "./simulator.mjs";
import { middle, quantile } from "./statistics.mjs";

const RUNS = option("runs", 11);
/** So much of the storm has been published before the first wall opens. Milliseconds. */
const FED_MS = 20_000;
/** How long a wall may take to be complete. Milliseconds. */
const COMPLETE_MS = 60_000;

const server = await new Egret("serve", ["--insecure-open", "--city", XIAMEN]).start();
const simulator = new Simulator(server, 1);
await pause(FED_MS);
const tiles = await tilesWithValues();
say(`${tiles.length} tiles have a value: ${tiles.join(", ")}`);
const runs = [];
for (let i = 0; i < RUNS; i += 1) {
  runs.push(await open());
  const { fcp, figures, map } = runs.at(-1);
  say(`run ${i + 1}: first paint ${round(fcp)} ms, figures ${round(figures)} ms, map ${round(map)} ms`);
}
tell();
await simulator.stop();
await server.close();
process.exit(0);

/** Names of the tiles that show a value once a wall has been there for a while: some metrics have
 *  none so early in a city. Also warms up the server, as every run after the first is. */
async function tilesWithValues() {
  const browser = await launch();
  const { page } = await Screen.open(browser, server, "/wall/overview", { viewport: FULL_HD });
  await page.waitForSelector(".liveness.live", { timeout: COMPLETE_MS });
  await pause(5_000);
  const names = await page.evaluate(() =>
    [...document.querySelectorAll(".panel-stat")]
      .filter((tile) => /\d/.test(tile.querySelector(".figure")?.textContent ?? ""))
      .map((tile) => tile.getAttribute("aria-label")));
  await browser.close();
  if (names.length === 0) throw new Error("no tile of the wall has a value after 25 s of storm");
  return names;
}

async function open() {
  const browser = await launch();
  // What a browser does after its start is not the page's.
  await pause(1_500);
  const init = `(${watchPaint})(${JSON.stringify(tiles)});`;
  const screen = await Screen.open(browser, server, "/wall/overview", { viewport: FULL_HD, init });
  const { page } = screen;
  await page.waitForFunction(() => window.benchPaint.map > 0, undefined, { timeout: COMPLETE_MS });
  const seen = await page.evaluate(() => {
    const entries = [
      ...performance.getEntriesByType("navigation"),
      ...performance.getEntriesByType("resource"),
    ];
    const resources = entries.map((entry) => ({
      path: new URL(entry.name).pathname,
      end: entry.responseEnd,
      transferred: entry.transferSize,
      decoded: entry.decodedBodySize,
    }));
    const [paint] = performance.getEntriesByName("first-contentful-paint");
    return { ...window.benchPaint, fcp: paint?.startTime ?? NaN, resources };
  });
  await browser.close();
  return seen;
}

/** Runs in the page, before its own scripts: when all of `tiles` show a value, and when the map's
 *  first frame with assets has been composed. Milliseconds since the navigation began. */
function watchPaint(tiles) {
  const seen = { figures: 0, map: 0 };
  window.benchPaint = seen;
  const hasValue = (name) => {
    const tile = document.querySelector(`.panel-stat[aria-label="${CSS.escape(name)}"]`);
    return /\d/.test(tile?.querySelector(".figure")?.textContent ?? "");
  };
  const composed = (name) => {
    const channel = new MessageChannel();
    channel.port1.onmessage = () => (seen[name] ||= performance.now());
    requestAnimationFrame(() => channel.port2.postMessage(0));
  };
  const watch = new MutationObserver(() => {
    if (!tiles.every(hasValue)) return;
    watch.disconnect();
    composed("figures");
  });
  const everything = { childList: true, subtree: true, characterData: true };
  document.addEventListener("DOMContentLoaded", () => watch.observe(document, everything));
  const { drawArrays } = WebGL2RenderingContext.prototype;
  WebGL2RenderingContext.prototype.drawArrays = function (mode, first, count) {
    drawArrays.call(this, mode, first, count);
    // Points are assets; the base map is made of triangles and drawn before them.
    if (mode === this.POINTS && count > 0 && !seen.map) composed("map");
  };
}

function tell() {
  const all = (name) => runs.map((run) => run[name]);
  const of = (name) => ({
    middle: round(middle(all(name)), 0),
    lowest: round(quantile(all(name), 0), 0),
    highest: round(quantile(all(name), 1), 0),
  });
  const site = process.env.EGRET_SITE ?? fileURLToPath(new URL("../../../target/site", import.meta.url));
  line("paint", {
    runs: RUNS,
    server: process.env.EGRET_BIN ?? "target/debug/egret",
    site: JSON.parse(readFileSync(join(site, "build.json"), "utf8")),
    tiles: tiles.length,
    first_contentful_paint_ms: of("fcp"),
    figures_ms: of("figures"),
    map_ms: of("map"),
  });
  const run = [...runs].sort((a, b) => a.figures - b.figures)[runs.length >> 1];
  const before = run.resources.filter(({ end }) => end > 0 && end <= run.figures);
  const sum = (name) => before.reduce((total, resource) => total + resource[name], 0);
  line("paint_bytes", {
    files: before.length,
    transferred_kb: round(sum("transferred") / 1_000),
    decoded_kb: round(sum("decoded") / 1_000),
    largest: before
      .sort((a, b) => b.transferred - a.transferred)
      .slice(0, 12)
      .map(({ path, transferred, decoded, end }) =>
        `${path} ${round(transferred / 1_000)} kB of ${round(decoded / 1_000)} at ${round(end, 0)} ms`),
  });
}
