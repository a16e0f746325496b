// A wall on a poor line and a slow machine beside a quick client: 50 kB a second, a processor four
// times slower. Does it show what is newest, and does anybody notice?
//
//   node bench/slow.mjs [--seconds 30] [--rounds 2] [--assets 50000] [--kilobytes 50] [--slower 4]
//
// Ten times a second a mark is published, the tenths of a second since the start. The wall's tile
// shows the newest mark that it knows; so the age of what it shows can be read off it, and compared
// with what the server itself says at that time.
import { Screen, launch } from "../harness/browser.mjs";
import { Gateway } from "../harness/gateway.mjs";
import { Egret } from "../harness/server.mjs";
import { boxOf, writeCity } from "./city.mjs";
import { Fleet } from "./drive.mjs";
import { Listener } from "./listener.mjs";
import { Cable } from "./proxy.mjs";
import { line, option, round, say } from "./report.mjs";
import { pause, residentBytes } from "./simulator.mjs";
import { quantile, trend } from "./statistics.mjs";

const SECONDS = option("seconds", 30);
const ROUNDS = option("rounds", 2);
const ASSETS = option("assets", 50_000);
const BYTES_PER_S = 1_000 * option("kilobytes", 50);
const SLOWER = option("slower", 4);
/** Small, because a processor plays the graphics card, and it is to be slow for other reasons. */
const VIEWPORT = { width: 640, height: 400 };
const MARK_MS = 100;
const SAMPLE_MS = 250;
const OPEN_MS = 120_000;

const box = boxOf(option("degrees", 0.4));
const city = writeCity(box);
const server = await new Egret("serve", ["--insecure-open", "--city", city.folder]).start();
const fleet = await Fleet.start(server, box, ASSETS, ASSETS / 10);
const gateway = await Gateway.connect(server);
const start = Date.now();
/** Publishes the tenths of a second that have passed. */
const publishing = setInterval(() => {
  const mark = Math.floor((Date.now() - start) / MARK_MS);
  const reading = { id: `mark-${mark}`, values: { mark: { v: mark, u: "1" } } };
  const position = [118.2, 24.5];
  gateway.publish("egret/v1/mark/one", JSON.stringify({ ...reading, position })).catch(() => {});
}, MARK_MS);
/** When a mark was due. */
const momentOf = (mark) => start + mark * MARK_MS;

const heard = [];
let newest = -1;
const listener = await Listener.follow(server, "bench.mark", (mark, now) => {
  if (mark <= newest) return;
  newest = mark;
  heard.push({ now, ms: now - momentOf(mark) });
});
fleet.drive(true);
await pause(3_000);

const browser = await launch();
const phases = [];
for (let i = 0; i < ROUNDS; i += 1) {
  for (const kind of ["nobody", "quick", "slow"]) phases.push(await phase(kind));
}
for (const kind of ["nobody", "quick", "slow"]) tell(kind);
compare();
clearInterval(publishing);
listener.close();
await browser.close();
fleet.close();
await gateway.close();
await server.close();
city.close();
process.exit(0);

/** One kind of wall for a while; the client hears all along. */
async function phase(kind) {
  const wall = kind === "nobody" ? undefined : await open(kind);
  await pause(2_000);
  const [from, before] = [Date.now(), residentBytes(server.pid)];
  const truths = [];
  let peak = before;
  if (wall) await wall.page.evaluate(() => (window.benchSeen.length = 0));
  while (Date.now() - from < SECONDS * 1_000) {
    await pause(SAMPLE_MS);
    truths.push(await truth());
    peak = Math.max(peak, residentBytes(server.pid));
  }
  const to = Date.now();
  const seen = wall ? await wall.page.evaluate(() => window.benchSeen) : [];
  const memory = { before, after: residentBytes(server.pid), peak };
  await wall?.close();
  const delays = heard.filter(({ now }) => now >= from && now < to).map(({ ms }) => ms);
  say(`${kind}: ${delays.length} marks heard, ${seen.length} looks at the wall`);
  return { kind, seen, truths, delays, memory };
}

async function open(kind) {
  const cable = await Cable.to(new URL(server.url("/")).port);
  const options = { viewport: VIEWPORT, init: `(${watchMark})(${SAMPLE_MS})` };
  const screen = await Screen.open(browser, cable, "/wall/overview", options);
  const { page } = screen;
  await page.waitForSelector(".liveness.live", { timeout: OPEN_MS });
  await page.waitForSelector(".map-message", { state: "detached", timeout: OPEN_MS });
  if (kind === "slow") {
    const cdp = await page.context().newCDPSession(page);
    await cdp.send("Emulation.setCPUThrottlingRate", { rate: SLOWER });
    cable.narrow(BYTES_PER_S);
  }
  const close = async () => {
    await screen.close();
    cable.close();
  };
  return { page, close };
}

/** Runs in the page: which mark its tile shows, again and again. */
function watchMark(everyMs) {
  window.benchSeen = [];
  setInterval(() => {
    const tiles = [...document.querySelectorAll(".panel-stat")];
    const tile = tiles.find((one) => /标记|Mark/.test(one.getAttribute("aria-label") ?? ""));
    const figure = tile?.querySelector(".figure")?.textContent ?? "";
    const mark = Number(figure.replace(/[^0-9.]/g, "") || NaN);
    const isLive = document.querySelector(".liveness.live") !== null;
    window.benchSeen.push({ at: Date.now(), mark, isLive });
  }, everyMs);
}

/** What the server says, and when it was asked. */
async function truth() {
  const answer = await (await fetch(server.url("/api/v1/metrics/bench.mark/now"))).json();
  const mark = answer.points[0]?.v ?? NaN;
  return { at: Date.now(), mark };
}

function tell(kind) {
  const own = phases.filter((one) => one.kind === kind);
  const delays = own.flatMap((one) => one.delays);
  const looks = own.flatMap(({ seen }, number) => seen.map((look) => ({ ...look, number })));
  const ages = looks.map(({ at, mark }) => (at - momentOf(mark)) / 1_000).filter(Number.isFinite);
  const truths = own.flatMap((one) => one.truths);
  const trueAge = quantile(truths.map(({ at, mark }) => (at - momentOf(mark)) / 1_000).filter(Number.isFinite), 0.5);
  const lag = (share) => round(quantile(ages, share) - trueAge, 2);
  const points = looks.map(({ at, mark, number }) => ({
    hours: at / 3_600_000,
    value: (at - momentOf(mark)) / 1_000,
    season: number,
  }));
  const grows = trend(points.filter(({ value }) => Number.isFinite(value)));
  const mb = (bytes) => round(bytes / 1e6);
  line("slow_client", {
    wall: kind,
    seconds: own.length * SECONDS,
    ...(looks.length > 0 && {
      looks: looks.length,
      shown_live: round(looks.filter(({ isLive }) => isLive).length / looks.length, 3),
      lag_s: { p50: lag(0.5), p99: lag(0.99), longest: lag(1) },
      lag_grows_s_per_min: [round(grows.low / 60, 3), round(grows.high / 60, 3)],
    }),
    server_says_age_s: round(trueAge, 2),
    other_client_ms: {
      p50: round(quantile(delays, 0.5)),
      p99: round(quantile(delays, 0.99)),
      longest: round(quantile(delays, 1)),
      n: delays.length,
    },
    other_client_p99_by_phase_ms: own.map((one) => round(quantile(one.delays, 0.99))),
    server_mb: own.map(({ memory }) => [mb(memory.before), mb(memory.peak), mb(memory.after)]),
  });
}

function compare() {
  const p99 = (kind) => {
    const own = phases.filter((one) => one.kind === kind);
    return quantile(own.flatMap((one) => one.delays), 0.99);
  };
  line("slow_client_ratio", {
    other_client_p99_slow_to_nobody: round(p99("slow") / p99("nobody"), 2),
    other_client_p99_slow_to_quick: round(p99("slow") / p99("quick"), 2),
  });
}
