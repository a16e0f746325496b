// A wall that is renewed: because its server has other screens, or because it takes too much.
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";

import { Edition } from "../harness/edition.mjs";
import { FULL_HD, OUT } from "../harness/browser.mjs";
import { filmed } from "../harness/film.mjs";
import { SERVER_IS_GONE } from "../harness/complaints.mjs";
import { Egret } from "../harness/server.mjs";
import { topic } from "../harness/stage.mjs";
import { until } from "../harness/wait.mjs";

/** How far the brightness of a picture's points deviates, at the least, of what the wall looks like:
 *  an empty page deviates by nothing. */
const FILLED = 0.5;

/** A wall that takes anything takes more. */
const TINY_BUDGET = `[wall]\nmemory_budget = 1_000_000\ncheck_every = "1s"\n`;

export function renewal() {
  topic("walls that are renewed", Egret.tiny, (test) => {
    test("a new version of the server renews a wall without a blank picture", version);
    test("a wall that takes too much renews itself and says why", budget);
  }, { hasGateway: false });
}

async function version(tools) {
  const edition = await Edition.before(tools.server);
  try {
    const { page } = await tools.through(edition, "/wall/overview?rotate=1&lang=en", { viewport: FULL_HD });
    await shown(page);
    const [old] = await folders(page);
    const loads = counted(page);
    const film = await filmed(page);
    tools.expect(...SERVER_IS_GONE);
    edition.next();
    await tools.server.restart();
    await until("the wall has loaded the new page", () => loads.length > 0, 45_000);
    await shown(page);
    await page.waitForSelector(".afterimage", { state: "detached" });
    const pictures = await film.end();
    const [young] = await folders(page);
    assert.notEqual(young, old, "the page names its files by the new hash");
    assert.match(page.url(), /rotate=1/);
    assert.equal(loads.length, 1, "it was loaded once");
    const fullness = await film.fullness(tools.browser, pictures);
    const least = Math.min(...fullness);
    const usual = fullness[0];
    tools.note(`${pictures.length} pictures, deviation ${usual.toFixed(1)} at first, ${least.toFixed(1)} at the least`);
    assert.ok(pictures.length > 5, `only ${pictures.length} pictures were taken`);
    writeFileSync(join(OUT, "renewal-emptiest.png"), pictures[fullness.indexOf(least)]);
    assert.ok(least > FILLED * usual, `a picture was emptier: ${least} of ${usual}`);
  } finally {
    edition.close();
  }
}

async function budget(tools) {
  tools.expect(...SERVER_IS_GONE);
  await tools.server.restart(() => TINY_BUDGET);
  const { page } = await tools.open("/wall/overview?wall=greedy&lang=en", { viewport: FULL_HD });
  await shown(page);
  const loads = counted(page);
  await until("the wall has loaded itself anew", () => loads.length > 0, 45_000);
  await shown(page);
  const metrics = await (await fetch(tools.server.url("/metrics"))).text();
  assert.match(metrics, /egret_wall_reloads_total\{cause="memory"\} 1\b/);
  assert.match(tools.server.stderr, /greedy/);
  await page.waitForSelector(".afterimage", { state: "detached" });
  assert.equal(loads.length, 1, "once in half an hour at most");
}

/** A wall that shows a scene, live, with its map. */
async function shown(page) {
  await page.waitForSelector(".screen:not(.afterimage *) .liveness.live", { timeout: 45_000 });
  await page.waitForSelector(".map-base canvas");
  await page.waitForSelector(".map-message", { state: "detached" });
}

/** The loads of the page from now on. */
function counted(page) {
  const loads = [];
  page.on("load", () => loads.push(Date.now()));
  return loads;
}

/** Where the files of a page lie. */
function folders(page) {
  return page.evaluate(() => {
    const named = [...document.querySelectorAll("[src], link[href]")];
    const paths = named.map((one) => new URL(one.src ?? one.href).pathname);
    return [...new Set(paths.filter((path) => path.startsWith("/~")).map((path) => path.split("/")[1]))];
  });
}
