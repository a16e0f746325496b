// A wall on a bad day, for as long as is asked: the storm at twenty times the usual rate, its
// connection cut every minute, its server restarted every ten, another scene every 20 s. Then:
// did anything grow, and does it show what a page that was just opened shows?
//
//   node soak.mjs [--minutes 60] [--rate 20] [--restart-every 10]
//
// Prints one line of JSON a figure; ends with 1 if something grew or the pictures differ.
import { writeFileSync } from "node:fs";
import { join } from "node:path";

import { Cable } from "./bench/proxy.mjs";
import { Meter, watchGraphics, watchMemory } from "./bench/instruments.mjs";
import { line, option, round, say } from "./bench/report.mjs";
import { Simulator, XIAMEN, accepted, pause, residentBytes } from "./bench/simulator.mjs";
import { quantile, trend, middle } from "./bench/statistics.mjs";
import { FULL_HD, OUT, Screen, launch } from "./harness/browser.mjs";
import { SERVER_IS_GONE } from "./harness/complaints.mjs";
import { Egret } from "./harness/server.mjs";
import { until } from "./harness/wait.mjs";
import { compareScenes } from "./soak/likeness.mjs";
import { go, isLive, scenePaths } from "./soak/scenes.mjs";

const MINUTES = option("minutes", 60);
const RATE = option("rate", 20);
/** A server that has just started folds and learns; every tenth minute. */
const RESTART_MINUTES = option("restart-every", Math.min(10, Math.max(1, MINUTES / 3)));
/** What the page needs until every scene has been seen and every list is as long as it gets. */
const WARM_UP_MINUTES = Math.min(10, MINUTES / 6);

const SAMPLE_MS = 10_000;
/** A storm that all but stands still at its worst, at an hour of even traffic: what grows then is the
 *  page and not the city. */
const CITY = ["--storm-at", "7h", "--storm-speed", "0.01", "--hour", "10"];

/** Samples between two changes of scene, two cuts, two restarts. */
const EVERY = {
  scene: 2,
  cut: 6,
  restart: Math.round((RESTART_MINUTES * 60_000) / SAMPLE_MS),
};
/** How long a page may take to be live again, with a server in the development build. */
const BACK_MS = 60_000;
/** Growth that nobody minds, in per cent of the series an hour. */
const GROWTH_MAX = 1;

/** What an old page may hold beyond one that was just opened and shows the same, as a share. */
const SURPLUS_MAX = 0.01;

/** Series that must not grow. */
const JUDGED = [
  "js_data_bytes", "wasm_memory_bytes", "wasm_held_bytes", "dom_nodes", "documents", "listeners",
  "gl_contexts", "gl_buffers", "gl_buffer_bytes", "gl_textures",
];

/** Of these, what follows the city's own lists: it may grow as long as a page that was just opened
 *  holds as much in every scene. */
const OF_THE_CITY = "dom_nodes";

/** Series that are told beside them: the server's memory begins anew with each of its starts, and the
 *  browser goes on compiling for as long as something has not been run often. */
const TOLD = ["js_heap_bytes", "js_code_bytes", "server_bytes"];

const seen = { samples: [], backMs: [], messages: 0, counted: 0, cuts: 0, restarts: 0, scenes: 0, loads: 0, faults: [] };

const server = await new Egret("serve", ["--insecure-open", "--city", XIAMEN]).start();
const cable = await Cable.to(new URL(server.url("/")).port);
const rates = await speakAtBothRates();
const browser = await launch();
const init = `(${watchMemory})(); (${watchGraphics})();`;
const scenes = await scenePaths(server);
const screen = await Screen.open(browser, cable, scenes[0], { viewport: FULL_HD, init });
const { page } = screen;
page.on("load", () => (seen.loads += 1));
await page.waitForSelector(".liveness.live", { timeout: BACK_MS });
const meter = await Meter.of(page);

await soak();
const grown = judge();
await rates.simulator.stop();
const { unlike, surplus } = await compareWithFresh();
await browser.close();
cable.close();
await server.close();
const kept = grown.filter((name) => name !== OF_THE_CITY || surplus > SURPLUS_MAX);
const failed = [...kept.map((name) => `${name} grows`), ...unlike, ...seen.faults];
line("soak_verdict", { passed: failed.length === 0, failed });
process.exit(failed.length === 0 ? 0 : 1);

/** The demo's own rate first, so that there is something to be a multiple of. */
async function speakAtBothRates() {
  const usual = new Simulator(server, 1, CITY);
  await pause(10_000);
  const [before, at] = [await accepted(server), Date.now()];
  await pause(20_000);
  const normal = ((await accepted(server)) - before) / ((Date.now() - at) / 1_000);
  if (!usual.isAlive) throw new Error(`the simulator ended: ${usual.said}`);
  await usual.stop();
  return { simulator: new Simulator(server, RATE, CITY), normal };
}

/** Adds what the server took since the last look; it counts from its start. */
async function count() {
  const now = await accepted(server);
  seen.messages += now < seen.counted ? now : now - seen.counted;
  seen.counted = now;
}

async function soak() {
  say(`${MINUTES} min over ${scenes.length} scenes: ${scenes.join(" ")}`);
  const began = Date.now();
  const n = Math.round((MINUTES * 60_000) / SAMPLE_MS);
  await count();
  seen.messages = 0;
  for (let i = 1; i <= n; i += 1) {
    await pause(began + i * SAMPLE_MS - Date.now());
    await live(`before sample ${i}`);
    const sample = await meter.holdings();
    const scene = seen.scenes % scenes.length;
    const hours = (Date.now() - began) / 3_600_000;
    const visit = seen.scenes;
    // Of one scene alone, once in its visit: looking so closely stops the page for a moment.
    const looks = scene === 0 && i % EVERY.scene === 0;
    const { data, code } = looks ? await meter.heap() : {};
    seen.samples.push({
      hours, scene, visit, ...sample,
      js_data_bytes: data, js_code_bytes: code, server_bytes: residentBytes(server.pid),
    });
    await count();
    if (i % EVERY.cut === 0) tell(i, n, sample);
    if (i % EVERY.scene === 0) await nextScene();
    if (i % EVERY.restart === 0 && i < n) await restart();
    else if (i % EVERY.cut === EVERY.cut - 1) await cut();
    if (!rates.simulator.isAlive) throw new Error(`the simulator: ${rates.simulator.said}`);
  }
  writeFileSync(join(OUT, "soak.json"), JSON.stringify(seen.samples));
}

function tell(i, n, sample) {
  const mb = (bytes) => (bytes / 1e6).toFixed(2);
  say(
    `${i}/${n} heap ${mb(sample.js_heap_bytes)} MB, ` +
      `wasm ${mb(sample.wasm_held_bytes)} of ${mb(sample.wasm_memory_bytes)} MB, ` +
      `${sample.dom_nodes} nodes, ${sample.listeners} listeners, ${sample.gl_buffers} buffers, ` +
      `server ${mb(residentBytes(server.pid))} MB, ${seen.loads} reloads`,
  );
}

async function nextScene() {
  seen.scenes += 1;
  const path = scenes[seen.scenes % scenes.length];
  await go(page, path).catch((error) => seen.faults.push(`${path}: ${error.message}`));
}

async function cut() {
  seen.cuts += 1;
  const at = Date.now();
  const open = cable.cut();
  if (open === 0) seen.faults.push(`cut ${seen.cuts}: there was no connection`);
  await lives(at, `after cut ${seen.cuts}`);
}

async function restart() {
  seen.restarts += 1;
  await count();
  await server.restart();
  await lives(Date.now(), `after restart ${seen.restarts}`);
}

/** Live, by the newest of the server: a picture may be held as live for a second after a cut. */
async function lives(since, when) {
  await pause(1_500);
  await live(when);
  seen.backMs.push(Date.now() - since);
}

async function live(when) {
  await until(`the page is live ${when}`, () => isLive(page), BACK_MS);
}

/** Prints each series; returns the names of those that grew. */
function judge() {
  const perS = seen.messages / (MINUTES * 60);
  line("soak_rates", {
    normal_messages_per_s: round(rates.normal, 0),
    soak_messages_per_s: round(perS, 0),
    multiple: round(perS / rates.normal, 1),
  });
  const after = seen.samples.filter(({ hours }) => hours * 60 > WARM_UP_MINUTES);
  line("soak", {
    minutes: MINUTES,
    warm_up_minutes: round(WARM_UP_MINUTES, 1),
    samples_after_warm_up: after.length,
    scenes: scenes.length,
    scene_changes: seen.scenes,
    cuts: seen.cuts,
    restarts: seen.restarts,
    page_loads: seen.loads,
    back_ms_p50: quantile(seen.backMs, 0.5),
    back_ms_max: quantile(seen.backMs, 1),
    complaints: screen.unexpected(SERVER_IS_GONE).length,
  });
  screen.unexpected(SERVER_IS_GONE).slice(0, 5).forEach((text) => say(`the page: ${text}`));
  if (seen.loads > 0) seen.faults.push(`the page was loaded anew ${seen.loads} times`);
  const told = [...JUDGED, ...TOLD].map((name) => judgeOne(name, after));
  return told.filter(({ grew, judged }) => grew && judged).map(({ name }) => name);
}

function judgeOne(name, all) {
  const after = all.filter((sample) => sample[name] !== undefined);
  const values = after.map((sample) => sample[name]);
  const { n, slope, low, high, p } = trend(visits(name, after));
  const level = middle(values);
  // A series of nothing has no per cent.
  const perCent = (value) => (level === 0 ? Math.sign(value) * Infinity || 0 : (100 * value) / level);
  const [from, to] = [perCent(low), perCent(high)];
  const isFlat = low <= 0 && 0 <= high;
  const grew = !isFlat && low > 0 && !(to < GROWTH_MAX);
  const word = isFlat
    ? "indistinguishable from zero"
    : slope < 0
      ? "falls"
      : grew
        ? "GROWS"
        : `grows by less than ${GROWTH_MAX} % an hour`;
  const judged = JUDGED.includes(name);
  line("soak_series", {
    name,
    median: round(level, 0),
    first: values[0],
    last: values.at(-1),
    lowest: Math.min(...values),
    highest: Math.max(...values),
    visits: n,
    slope_percent_per_h: round(perCent(slope), 3),
    slope_95: [round(from, 3), round(to, 3)],
    mann_kendall_p: round(p, 3),
    verdict: judged ? word : `${word}, not judged`,
  });
  return { name, grew, judged };
}

/** One value for each visit of a scene: what follows within seconds is no independent sample. */
function visits(name, after) {
  const numbers = [...new Set(after.map(({ visit }) => visit))];
  return numbers.map((number) => {
    const own = after.filter(({ visit }) => visit === number);
    return {
      hours: middle(own.map(({ hours }) => hours)),
      value: middle(own.map((sample) => sample[name])),
      season: own[0].scene,
    };
  });
}

/** Everything that a page holds, looked at as closely as can be. */
async function holdings(meter) {
  const { data, code } = await meter.heap();
  return { ...(await meter.holdings()), js_data_bytes: data, js_code_bytes: code };
}

/** Everything comes to rest, a second page is opened, and both have to look alike. */
async function compareWithFresh() {
  let last = -1;
  await until(
    "the server has taken everything",
    async () => {
      const now = await accepted(server);
      const isQuiet = now === last;
      last = now;
      await pause(3_000);
      return isQuiet;
    },
    120_000,
  );
  const fresh = await Screen.open(browser, cable, scenes[0], { viewport: FULL_HD, init });
  const pages = { old: page, fresh: fresh.page };
  const meters = { old: meter, fresh: await Meter.of(fresh.page) };
  const { faults, nodes } = await compareScenes(browser, pages, meters, scenes);
  const surplus = Math.max(...nodes.map(({ old, fresh }) => old / fresh - 1));
  if (surplus > SURPLUS_MAX) faults.push(`the old page holds ${round(100 * surplus, 1)} % more nodes in a scene`);
  // What the old page holds beyond one that shows the same is what time has left in it.
  const [old, young] = [await holdings(meters.old), await holdings(meters.fresh)];
  const ofThePage = [...JUDGED, "js_heap_bytes", "js_code_bytes"];
  for (const name of ofThePage) line("soak_beside_fresh", { name, old: old[name], fresh: young[name] });
  await fresh.close();
  return { unlike: faults, surplus };
}
