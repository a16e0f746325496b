// Whether a page that has run for long shows what a page shows that was just opened: the texts of
// every panel, and the picture.
import { line, round, say } from "../bench/report.mjs";
import { pause } from "../bench/simulator.mjs";
import { difference } from "../harness/picture.mjs";
import { go, whole } from "./scenes.mjs";

/** How long two pages may take until they show the same. Frames come every 100 ms, ages turn at another
 *  moment on each, and what a chart drew of its last minute from live values is put right when it
 *  loads the past anew, once a minute. */
const LIKE_MS = 100_000;
/** What may differ of the picture: a curve that was drawn from live values runs a little otherwise
 *  than the same from the history. Share of its pixels. */
const PIXELS_MAX = 0.01;
/** What says how late it is; also how long the past is that a forecast still lacks, which a page asks
 *  for every ten minutes. */
const CLOCKS = [
  ".clock", ".date", ".delay", "time", ".age", "[data-age]", ".case-left", ".countdown", ".dwell",
  ".forecast-lacks",
];

/** Compares every scene; returns what differs, and how many nodes both hold in each. */
export async function compareScenes(browser, { old, fresh }, meters, paths) {
  const faults = [];
  const nodes = [];
  for (const path of paths) {
    await Promise.all([old, fresh].map((page) => go(page, path)));
    await Promise.all([old, fresh].map(whole));
    const texts = await sameTexts(old, fresh);
    const share = path.startsWith("/wall/") ? await pictures(browser, old, fresh, path) : 0;
    const held = {
      old: (await meters.old.holdings()).dom_nodes,
      fresh: (await meters.fresh.holdings()).dom_nodes,
    };
    nodes.push(held);
    line("soak_likeness", {
      scene: path,
      panels: texts.panels,
      panels_unlike: texts.unlike.length,
      same_after_ms: texts.tookMs,
      pixels_unlike: round(share, 5),
      nodes: held.old,
      nodes_fresh: held.fresh,
    });
    texts.unlike.forEach(({ place, old: was, fresh: is }) => {
      say(`${path} ${place}\n  old:   ${was}\n  fresh: ${is}`);
      faults.push(`${path} ${place} reads otherwise than on a fresh page`);
    });
    if (share > PIXELS_MAX) faults.push(`${path}: ${round(100 * share, 2)} % of the picture differ`);
  }
  return { faults, nodes };
}

/** Reads both at once, again and again until they agree. */
async function sameTexts(old, fresh) {
  const began = Date.now();
  let unlike = [];
  let panels = 0;
  while (Date.now() - began < LIKE_MS) {
    const [was, is] = await Promise.all([old, fresh].map((page) => page.evaluate(read, CLOCKS)));
    panels = is.length;
    unlike = [];
    for (let i = 0; i < Math.max(was.length, is.length); i += 1) {
      if (was[i]?.text === is[i]?.text) continue;
      unlike.push({ place: (is[i] ?? was[i]).place, old: was[i]?.text, fresh: is[i]?.text });
    }
    if (unlike.length === 0) break;
    await pause(300);
  }
  return { unlike, panels, tookMs: Date.now() - began };
}

/** Runs in the page: the text of every panel without what tells the time. */
function read(clocks) {
  const panels = [...document.querySelectorAll("main section, main .panel")];
  return panels.map((panel) => {
    const copy = panel.cloneNode(true);
    copy.querySelectorAll(clocks.join()).forEach((one) => one.remove());
    const place = panel.className.split(" ").slice(0, 2).join(".") || panel.localName;
    return { place, text: copy.textContent.replace(/\s+/g, " ").trim() };
  });
}

/** The share of the picture that differs: the best of some tries, for marks pulse and glide. */
async function pictures(browser, old, fresh, path) {
  let least = 1;
  for (let i = 0; i < 5 && least > PIXELS_MAX / 2; i += 1) {
    const shots = await Promise.all([old, fresh].map((page) => shot(page)));
    least = Math.min(least, await difference(browser, ...shots));
  }
  if (least > PIXELS_MAX) {
    const name = path.replace(/\W+/g, "-");
    await old.screenshot({ path: `out/soak${name}-old.png` });
    await fresh.screenshot({ path: `out/soak${name}-fresh.png` });
  }
  return least;
}

function shot(page) {
  const mask = CLOCKS.map((selector) => page.locator(selector));
  return page.screenshot({ mask, animations: "disabled", timeout: 60_000 });
}
