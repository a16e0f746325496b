// The wall's map beside MapLibre's `setData`: one server, one city, one browser, the same tiles, in
// turns.
//
//   node bench/map.mjs [--seconds 30] [--rounds 2] [--assets N] [--share 10] [--degrees 0.02]
//
// Prints one line of JSON a figure. Nothing here is a limit; what counts are the ratios.
import { Screen, launch } from "../harness/browser.mjs";
import { Egret } from "../harness/server.mjs";
import { until } from "../harness/wait.mjs";
import { boxOf, writeCity } from "./city.mjs";
import { Fleet } from "./drive.mjs";
import { Meter, mainThreadMs, renderers, watchFrames } from "./instruments.mjs";
import { line, option, round, say } from "./report.mjs";
import { openRival } from "./rival.mjs";
import { accepted, pause, processorSeconds, residentBytes } from "./simulator.mjs";
import { mean, middle, quantile } from "./statistics.mjs";
import { watchUpdates } from "./updates.mjs";

const SECONDS = option("seconds", 30);
const ROUNDS = option("rounds", 2);
/** How many of a hundred assets report in a second. */
const SHARE = option("share", 10);
const ASSETS = option("assets", 0) ? [option("assets", 0)] : [20_000, 50_000, 200_000];
/** How wide the city is: so narrow that every asset is drawn for itself. */
const BOX = boxOf(option("degrees", 0.02));
/** The server's own pace, and one frame a second: then the rival has time for every frame. */
const PACES_MS = [100, 1_000];
/** Small, because a processor plays the graphics card here: a map of these few pixels costs it about
 *  what a large one costs a real card, so that what is measured is the way there. */
const VIEWPORT = { width: 640, height: 400 };
/** How long a page is watched without load, for what it costs by itself. Seconds. */
const IDLE_S = Math.max(5, SECONDS / 4);
const OPEN_MS = 180_000;

const browser = await launch();
for (const n of ASSETS) await measure(n);
await browser.close();
process.exit(0);

async function measure(nAssets) {
  const city = writeCity(BOX);
  const server = await new Egret("serve", ["--insecure-open", "--city", city.folder]).start();
  const perS = Math.round((nAssets * SHARE) / 100);
  const fleet = await Fleet.start(server, BOX, nAssets, perS);
  say(`${nAssets} assets, ${perS} of them report in a second`);
  const visits = [];
  const place = await lookAround(server);
  for (let i = 0; i < ROUNDS; i += 1) {
    visits.push(await visit({ server, fleet, place, kind: "empty", everyMs: 100 }));
    for (const everyMs of PACES_MS) {
      for (const kind of ["egret", "maplibre"]) {
        visits.push(await visit({ server, fleet, place, kind, everyMs }));
      }
    }
  }
  const lines = {};
  for (const everyMs of PACES_MS) {
    for (const kind of ["empty", "egret", "maplibre"]) {
      const own = visits.filter((one) => one.kind === kind && one.everyMs === everyMs);
      if (own.length > 0) lines[`${kind} ${everyMs}`] = tell(nAssets, perS, own);
    }
  }
  compare(nAssets, lines);
  fleet.close();
  await server.close();
  city.close();
}

/** Which tiles the wall follows, and how large its map is. */
async function lookAround(server) {
  const screen = await wall(server);
  const { page } = screen;
  const { width, height } = await page.locator(".map-base").boundingBox();
  const tiles = await page.evaluate(() => [...window.benchUpdates.tiles]);
  await screen.close();
  say(`the wall's map has ${width} by ${height} px and follows ${tiles.length} tiles: ${tiles[0]} …`);
  return { size: { width, height }, tiles };
}

async function wall(server) {
  const init = `(${watchFrames})(); (${watchUpdates})();`;
  const screen = await Screen.open(browser, server, "/wall/overview", { viewport: VIEWPORT, init });
  const { page } = screen;
  await page.waitForSelector(".liveness.live", { timeout: OPEN_MS });
  await page.waitForSelector(".map-base canvas", { timeout: OPEN_MS });
  await page.waitForSelector(".map-message", { state: "detached", timeout: OPEN_MS });
  // Every tile's snapshot is in the picture when nothing goes up any more.
  await until("all assets are on the map", () => hasSettled(page), OPEN_MS);
  return screen;
}

async function hasSettled(page) {
  const uploads = () => page.evaluate(() => [window.benchUpdates.tiles.size, window.benchUpdates.uploads]);
  const [tiles, before] = await uploads();
  await pause(1_500);
  return tiles > 0 && (await uploads())[1] === before;
}

async function rival(server, { size, tiles }, kind, everyMs) {
  const init = `(${watchFrames})(); (${watchUpdates})();`;
  const context = await browser.newContext({ viewport: VIEWPORT });
  await context.addInitScript(init);
  const page = await context.newPage();
  page.setDefaultTimeout(OPEN_MS);
  // The site's own document with its own policy, but for the program that would open a wall in it.
  const empty = { contentType: "text/javascript", body: "" };
  await page.route(/\/js\/start[^/]*\.mjs$/, (route) => route.fulfill(empty));
  await page.goto(server.url("/wall/overview"));
  const followed = kind === "empty" ? [] : tiles;
  const n = await page.evaluate(openRival, { box: BOX, size, tiles: followed, everyMs });
  say(`MapLibre has ${n} features`);
  await pause(1_500);
  return { page, close: () => context.close() };
}

/** One page for a while, first without load, then with it. */
async function visit({ server, fleet, place, kind, everyMs }) {
  const isOurs = kind === "egret";
  const others = new Set(await renderers(browser));
  const screen = isOurs ? await wall(server) : await rival(server, place, kind, everyMs);
  const { page } = screen;
  if (isOurs) {
    await page.evaluate((every_ms) => {
      window.benchUpdates.socket.send(JSON.stringify({ type: "pace", every_ms }));
    }, everyMs);
  }
  const meter = await Meter.of(page);
  const pids = (await renderers(browser)).filter((pid) => !others.has(pid));
  const idle = await watch({ page, meter, server, pids }, IDLE_S);
  fleet.drive(true);
  // What is first is not yet as it goes on.
  await pause(2_000);
  const busy = await watch({ page, meter, server, pids }, SECONDS);
  fleet.drive(false);
  await screen.close();
  // The next page begins with a server that has nothing left to do.
  await pause(1_000);
  return { kind, everyMs, idle, busy };
}

async function watch({ page, meter, server, pids }, seconds) {
  await page.evaluate(() => [window.benchUpdates.take(), window.benchGaps()]);
  const [before, at, took] = [await meter.counters(), Date.now(), await accepted(server)];
  const [cpu, main] = [processorSeconds(server.pid), mainThreadMs(pids)];
  await pause(seconds * 1_000);
  const [after, spent] = [await meter.counters(), (Date.now() - at) / 1_000];
  const [updates, gaps] = await page.evaluate(() => [window.benchUpdates.take(), window.benchGaps()]);
  const rate = (name) => ((after[name] - before[name]) * 1_000) / spent;
  return {
    seconds: spent,
    updates,
    gaps,
    mainMsPerS: (mainThreadMs(pids) - main) / spent,
    taskMsPerS: rate("TaskDuration"),
    messagesPerS: ((await accepted(server)) - took) / spent,
    serverCores: (processorSeconds(server.pid) - cpu) / spent,
    serverBytes: residentBytes(server.pid),
  };
}

/** The figures of all visits of one kind together. */
function tell(nAssets, perS, visits) {
  const all = (pick) => visits.flatMap((one) => pick(one));
  const sum = (pick) => visits.reduce((total, one) => total + pick(one), 0);
  const [kind, everyMs] = [visits[0].kind, visits[0].everyMs];
  const seconds = sum(({ busy }) => busy.seconds);
  const quantiles = (values) => ({
    p50: round(quantile(values, 0.5)),
    p90: round(quantile(values, 0.9)),
    p99: round(quantile(values, 0.99)),
    n: values.length,
  });
  const gaps = all(({ busy }) => busy.gaps);
  const frames = all(({ busy }) => busy.updates.frames);
  const [up, still] = [true, false].map((uploaded) =>
    frames.filter((frame) => frame.uploaded === uploaded && frame.ms > 0.05).map(({ ms }) => ms));
  // An update is what one frame interval of the server brings, over all tiles.
  const updatesPerS = 1_000 / everyMs;
  const extra = mean(visits.map(({ busy, idle }) => busy.mainMsPerS - idle.mainMsPerS));
  const own = Object.fromEntries(["parseMs", "setDataMs", "setDataCalls"].map((name) =>
    [name, sum(({ busy }) => busy.updates.own?.[name] ?? 0)]));
  const figures = {
    assets: nAssets,
    changes_per_s: perS,
    map: kind,
    every_ms: everyMs,
    seconds: round(seconds, 0),
    tile_frames_per_s: round(sum(({ busy }) => busy.updates.messages) / seconds, 1),
    tile_kb_per_s: round(sum(({ busy }) => busy.updates.bytes) / seconds / 1_000, 1),
    to_drawn_ms: quantiles(all(({ busy }) => busy.updates.drawn)),
    to_visible_ms: quantiles(all(({ busy }) => busy.updates.delays)),
    main_thread_ms_per_update: round(extra / updatesPerS, 2),
    main_thread_ms_per_s: {
      idle: round(mean(visits.map(({ idle }) => idle.mainMsPerS))),
      busy: round(mean(visits.map(({ busy }) => busy.mainMsPerS))),
      busy_with_waiting: round(mean(visits.map(({ busy }) => busy.taskMsPerS))),
    },
    handler_ms_per_update: round(sum(({ busy }) => busy.updates.handlerMs) / seconds / updatesPerS, 3),
    animation_frame_ms: {
      with_upload: round(middle(up), 2),
      without: round(middle(still), 2),
    },
    ...(own.setDataCalls > 0 && {
      parse_ms_per_update: round(own.parseMs / seconds / updatesPerS, 3),
      set_data_ms_per_call: round(own.setDataMs / own.setDataCalls, 2),
      set_data_calls_per_s: round(own.setDataCalls / seconds, 2),
    }),
    frame_gap_ms: {
      p50: round(quantile(gaps, 0.5)),
      p99: round(quantile(gaps, 0.99)),
      longest: round(quantile(gaps, 1)),
      longest_idle: round(quantile(all(({ idle }) => idle.gaps), 1)),
    },
    messages_taken_per_s: round(mean(visits.map(({ busy }) => busy.messagesPerS)), 0),
    server_cores: round(mean(visits.map(({ busy }) => busy.serverCores)), 2),
    server_mb: round(visits.at(-1).busy.serverBytes / 1e6),
  };
  line("map", figures);
  return figures;
}

function compare(nAssets, lines) {
  const empty = lines[`empty ${PACES_MS[0]}`];
  for (const everyMs of PACES_MS) {
    const [ours, theirs] = ["egret", "maplibre"].map((kind) => lines[`${kind} ${everyMs}`]);
    line("map_ratio", {
      assets: nAssets,
      every_ms: everyMs,
      to_drawn_p50: round(theirs.to_drawn_ms.p50 / ours.to_drawn_ms.p50),
      to_drawn_p99: round(theirs.to_drawn_ms.p99 / ours.to_drawn_ms.p99),
      to_visible_p50: round(theirs.to_visible_ms.p50 / ours.to_visible_ms.p50),
      to_visible_p99: round(theirs.to_visible_ms.p99 / ours.to_visible_ms.p99),
      main_thread_ms_per_update: [ours.main_thread_ms_per_update, theirs.main_thread_ms_per_update],
      longest_gap_above_empty_ms: {
        egret: round(ours.frame_gap_ms.longest - empty.frame_gap_ms.longest),
        maplibre: round(theirs.frame_gap_ms.longest - empty.frame_gap_ms.longest),
      },
    });
  }
}
