// The demo city in the storm, as pictures: what one would hang on a wall.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";

import { FULL_HD } from "../harness/browser.mjs";
import { statistics } from "../harness/picture.mjs";
import { Egret } from "../harness/server.mjs";
import { topic } from "../harness/stage.mjs";
import { cutTexts } from "../harness/text.mjs";

const UHD = { width: 3840, height: 2160 };

/** Six hours into the storm, with as much of the past as the feeds' lateness lets in. */
const storm = () => Egret.demo("--storm-at", "6h", "--backfill", "9m");

/** How long the simulated city may take until cases are on the wall. Milliseconds. */
const CASES_MS = 45_000;

export function city() {
  topic("the demo city", storm, (test) => {
    for (const [name, viewport] of [["wall-1080p", FULL_HD], ["wall-4k", UHD]]) {
      test(`${name} shows the storm in both languages, and cuts no text`, async (tools) => {
        const screen = await tools.wall({ viewport });
        await screen.page.waitForFunction(isBusy, undefined, { timeout: CASES_MS });
        await assertPicture(tools, screen, name);
        await screen.page.keyboard.press("l");
        await screen.page.waitForSelector("html[lang=en]");
        await assertPicture(tools, screen, `${name}-en`);
      });
    }
  });
}

async function assertPicture(tools, screen, name) {
  const path = await screen.picture(name);
  const { mean, deviation, colours } = await statistics(tools.browser, readFileSync(path));
  tools.note(`${name}: brightness ${mean.toFixed(1)} ± ${deviation.toFixed(1)}, ${colours} colours`);
  assert.ok(deviation > 12 && colours > 150, `${path} is nearly blank`);
  assert.deepEqual(await screen.page.evaluate(cutTexts), []);
}

/** Runs in the page: cases, news, moving vehicles and figures are there. */
function isBusy() {
  const count = (selector) => document.querySelectorAll(selector).length;
  const vehicles = document.querySelector(".dot-moving ~ b")?.textContent.replace(",", "");
  return count(".case") >= 3 && count(".ticker li") >= 3 && Number(vehicles) > 100;
}
