// A wall that is looked at while alerts flood in: `node flood.mjs URL SECONDS` opens the page, says
// `ready`, and after so many seconds prints one line of JSON: how it fared.
import { Screen, launch } from "./harness/browser.mjs";

const [url, seconds] = [process.argv[2], Number(process.argv[3])];
const { origin, pathname } = new URL(url);
const server = { url: (path) => `${origin}${path}` };

/** Runs in the page before anything of it: every frame's distance from the one before. */
function watchFrames() {
  const gaps = [];
  let last = performance.now();
  const next = (now) => {
    gaps.push(now - last);
    last = now;
    requestAnimationFrame(next);
  };
  requestAnimationFrame(next);
  window.takeGaps = () => gaps.splice(0);
}

const browser = await launch();
const screen = await Screen.open(browser, server, pathname, { init: watchFrames });
const { page } = screen;
await page.waitForSelector(".liveness.live", { timeout: 60_000 }).catch(async (error) => {
  // A page of another version than the server says so.
  throw new Error(await page.locator(".liveness").innerText(), { cause: error });
});
const cdp = await page.context().newCDPSession(page);
await cdp.send("Performance.enable");
await page.evaluate(() => window.takeGaps());

async function look() {
  await cdp.send("HeapProfiler.collectGarbage");
  const { metrics } = await cdp.send("Performance.getMetrics");
  const of = (name) => metrics.find((metric) => metric.name === name)?.value ?? 0;
  const { usedSize } = await cdp.send("Runtime.getHeapUsage");
  return { at: Date.now(), task: of("TaskDuration"), heap: usedSize, nodes: of("Nodes") };
}

console.log("ready");
const looks = [await look()];
for (const part of [1, 2]) {
  await new Promise((resolve) => setTimeout(resolve, (seconds * 1_000) / 2));
  looks.push({ ...(await look()), part });
}
const gaps = (await page.evaluate(() => window.takeGaps())).sort((a, b) => a - b);
const quantile = (share) => gaps[Math.min(gaps.length - 1, Math.floor(share * gaps.length))] ?? 0;
const [first, , last] = looks;
const tookS = (last.at - first.at) / 1_000;
console.log(
  JSON.stringify({
    seconds: Math.round(tookS),
    frames_per_s: +(gaps.length / tookS).toFixed(1),
    frame_gap_ms_p50: +quantile(0.5).toFixed(1),
    frame_gap_ms_p99: +quantile(0.99).toFixed(1),
    frame_gap_ms_max: +quantile(1).toFixed(1),
    main_thread_ms_per_s: +(((last.task - first.task) * 1_000) / tookS).toFixed(1),
    js_heap_mb: looks.map((one) => +(one.heap / 1e6).toFixed(1)),
    dom_nodes: looks.map((one) => one.nodes),
    complaints: screen.unexpected().length,
  }),
);
await browser.close();
