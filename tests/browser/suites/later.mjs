// What of a wall's program comes after its figures: told where it does not come, there before anybody
// needs it where it does.
import assert from "node:assert/strict";

import { Edition } from "../harness/edition.mjs";
import { FULL_HD } from "../harness/browser.mjs";
import { Egret } from "../harness/server.mjs";
import { topic } from "../harness/stage.mjs";

/** What comes later of a wall. */
const PARTS = /\/egret-wall-[0-9a-f]+\/[^/]+\.wasm$/;

export function later() {
  topic("parts of the program that come later", Egret.tiny, (test) => {
    test("a part that does not come is told in its place, tried again, and shown", withheld);
    test("every part is there soon, whatever the scene needs", complete);
  }, { hasGateway: false });
}

async function withheld(tools) {
  const front = await Edition.before(tools.server);
  try {
    front.withhold(PARTS);
    tools.expect(/status 503: .*\.wasm/, /console error: .*(503|TypeError|WebAssembly)/);
    const { page } = await tools.through(front, "/wall/overview?lang=en", { viewport: FULL_HD });
    await page.waitForSelector(".liveness.live");
    await page.waitForSelector(".panel-stat h2");
    const told = page.locator(".panel-later", { hasText: "Could not be loaded, trying again" });
    await told.first().waitFor();
    assert.equal(await page.locator(".panel-ranking, .map").count(), 0, "nothing is there without its part");
    front.withhold(undefined);
    await page.waitForSelector(".panel-ranking");
    await page.waitForSelector(".map-base canvas");
    await page.waitForSelector(".panel-later", { state: "detached" });
  } finally {
    front.close();
  }
}

async function complete(tools) {
  const { page } = await tools.open("/wall/no-such-scene?lang=en");
  const named = await page.evaluate(() => {
    const parts = [...document.querySelectorAll('link[rel="egret-later"]')];
    return parts.map(({ href }) => href);
  });
  assert.ok(named.length >= 2, `the page names ${named}`);
  for (const name of named) assert.match(name, PARTS);
  await page.waitForFunction((names) => {
    const loaded = performance.getEntriesByType("resource").filter(({ responseStatus }) => responseStatus === 200);
    return names.every((one) => loaded.some(({ name }) => name === one));
  }, named);
}
