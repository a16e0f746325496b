// A tab runs for weeks: updates change what is shown, not how much is kept.
import assert from "node:assert/strict";

import { TABLES } from "../harness/city.mjs";
import { Egret } from "../harness/server.mjs";
import { topic } from "../harness/stage.mjs";
import { go, whole } from "../soak/scenes.mjs";

const ASSETS = 20;
const UPDATES = 2_000;

/**
 * What may come on top between the measurements, which begin after every asset and row is there.
 * The document may add rows of the ticker (at most 40, of some ten nodes); the heap and the
 * reducer's memory samples of trends. A leak of 1 kB an update would be twice the tolerance.
 */
const TOLERANCE = { nodes: 400, heapBytes: 1_000_000, wasmBytes: 1_048_576 };

/** How often the scenes are shown, before and between the measurements. */
const TURNS = { before: 8, between: 24 };

/** What the program may hold more after those turns, bytes. Kept for each of them, the weak references
 *  of one scene's readers would come to three times as much. */
const KEPT_MAX = 30_000;

export function weeks() {
  const start = () => Egret.tinyWith({ "scenes.toml": (text) => text + TABLES });
  topic("running for weeks", start, (test) => {
    test("a scene that is left leaves nothing behind", turning);
    test(`${UPDATES} updates leave document and memory as they were`, async (tools) => {
      const { page } = await tools.wall({ init: captureProgram });
      const debug = await page.context().newCDPSession(page);
      const round = async (n, level) => {
        for (let i = 0; i < n; i += ASSETS) {
          const assets = Array.from({ length: ASSETS }, (_, k) => `M-${k}`);
          const value = (k) => Number((level + ((i + 7 * k) % 97) / 1_000).toFixed(3));
          await tools.gateway.levels(Object.fromEntries(assets.map((name, k) => [name, value(k)])));
        }
        await tools.gateway.level("M-0", level + 0.11);
        const shown = (level + 0.11).toFixed(2);
        await page.waitForFunction((text) => {
          return document.querySelector(".panel-stat .figure").textContent.includes(text);
        }, shown);
        return measure(page, debug);
      };
      const before = await round(400, 1.1);
      const after = await round(UPDATES, 1.3);
      const grown = {};
      for (const name of Object.keys(TOLERANCE)) {
        grown[name] = after[name] - before[name];
        tools.note(`${name}: ${before[name]} before, ${after[name]} after`);
      }
      for (const [name, most] of Object.entries(TOLERANCE)) {
        assert.ok(grown[name] <= most, `${name} grew by ${grown[name]}, ${most} are allowed`);
      }
    });
  });
}

async function turning(tools) {
  const { page } = await tools.wall({ init: captureProgram });
  const turn = async (times) => {
    for (let i = 0; i < times; i += 1) {
      await go(page, "/wall/tables");
      await page.waitForSelector(".panel-ticker");
      await go(page, "/wall/overview");
      await page.waitForSelector(".panel-stat .figure", { state: "attached" });
      await whole(page);
    }
    return page.evaluate(() => window.egretTestsProgram.heldBytes());
  };
  const before = await turn(TURNS.before);
  const after = await turn(TURNS.between);
  tools.note(`the program holds ${before} bytes, then ${after}`);
  const more = after - before;
  assert.ok(more <= KEPT_MAX, `${TURNS.between} turns left ${more} bytes, ${KEPT_MAX} are allowed`);
}

/** Runs in the page, before its own scripts: keeps hold of the WebAssembly program. */
function captureProgram() {
  for (const name of ["instantiate", "instantiateStreaming"]) {
    const original = WebAssembly[name];
    WebAssembly[name] = async (...args) => {
      const made = await original.apply(WebAssembly, args);
      window.egretTestsProgram = (made.instance ?? made).exports;
      return made;
    };
  }
}

async function measure(page, debug) {
  await debug.send("HeapProfiler.collectGarbage");
  await debug.send("Performance.enable");
  const { metrics } = await debug.send("Performance.getMetrics");
  const { nodes, wasmBytes } = await page.evaluate(() => ({
    nodes: document.querySelectorAll("*").length,
    wasmBytes: window.egretTestsProgram.memory.buffer.byteLength,
  }));
  const heapBytes = metrics.find(({ name }) => name === "JSHeapUsedSize").value;
  return { nodes, heapBytes, wasmBytes };
}
