// The demo city in the storm, as pictures: what one would hang on a wall.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";

import { assertAccessible } from "../harness/accessible.mjs";
import { FULL_HD } from "../harness/browser.mjs";
import { assertTrue } from "../harness/figures.mjs";
import { statistics } from "../harness/picture.mjs";
import { Egret } from "../harness/server.mjs";
import { topic } from "../harness/stage.mjs";
import { cutTexts } from "../harness/text.mjs";
import { until } from "../harness/wait.mjs";

const UHD = { width: 3840, height: 2160 };

/** How long the simulated city may take until it has a past, and cases. Milliseconds. */
const CITY_MS = 45_000;

/** Values, one a minute, from which on a line on a chart tells something. */
const PAST = 5;

const HOUR_MS = 3_600_000;

export function city() {
  topic("the demo city", storm, (test) => {
    for (const [name, viewport] of [["wall-1080p", FULL_HD], ["wall-4k", UHD]]) {
      test(`${name} shows the storm in both languages, and cuts no text`, async (tools) => {
        const screen = await tools.wall({ viewport });
        await screen.page.waitForFunction(isBusy, undefined, { timeout: CITY_MS });
        await assertPicture(tools, screen, name);
        await screen.page.keyboard.press("l");
        await screen.page.waitForSelector("html[lang=en]");
        await assertPicture(tools, screen, `${name}-en`);
      });
    }

    test("no number stands bare where every panel is full, nor in what an index is made of",
      async (tools) => {
        for (const language of ["zh", "en"]) {
          const screen = await tools.wall({ viewport: FULL_HD, language });
          const { page } = screen;
          await page.waitForFunction(isBusy, undefined, { timeout: CITY_MS });
          await assertTrue(tools, screen, `in the storm (${language})`);
          await page.focus(".vitals-parts a");
          await page.waitForSelector(".makeup [data-age]");
          await assertTrue(tools, screen, `with a make-up opened (${language})`);
        }
      });

    test("axe finds nothing serious where every panel and table is full", async (tools) => {
      const { page: wall } = await tools.wall({ viewport: FULL_HD });
      await wall.waitForFunction(isBusy, undefined, { timeout: CITY_MS });
      await assertAccessible(tools, wall);
      const { page: feeds } = await tools.open("/data", { viewport: FULL_HD });
      await feeds.waitForSelector("code");
      await assertAccessible(tools, feeds);
    });
  });
}

/** Six hours into the storm, with as much of the past as the feeds' lateness lets in: a page asks
 *  for it once, when it is opened. */
async function storm() {
  const server = await Egret.demo("--storm-at", "6h", "--backfill", "9m");
  await until("every line of the charts has a past", () => hasPast(server), CITY_MS);
  return server;
}

async function hasPast(server) {
  const get = async (path) => (await fetch(server.url(path))).json();
  const { city: { root }, scenes } = await get("/api/v1/catalog");
  const charts = scenes[0].panel.filter(({ kind }) => kind === "trend");
  const from = new Date(Date.now() - HOUR_MS).toISOString();
  for (const metric of charts.flatMap(({ metrics }) => metrics)) {
    const path = `/api/v1/metrics/${metric}?area=${root}&from=${from}&step=60s`;
    const { points } = await get(path);
    if (points.filter(({ v }) => v !== null).length < PAST) return false;
  }
  return charts.length > 0;
}

async function assertPicture(tools, screen, name) {
  await screen.settled();
  const path = await screen.picture(name);
  const { mean, deviation, colours } = await statistics(tools.browser, readFileSync(path));
  const brightness = `${mean.toFixed(1)} ± ${deviation.toFixed(1)}`;
  tools.note(`${name}: brightness ${brightness}, ${colours} colours`);
  assert.ok(deviation > 12 && colours > 150, `${path} is nearly blank`);
  assert.deepEqual(await screen.page.evaluate(cutTexts), []);
  assert.deepEqual(await screen.page.evaluate(overHeadings), []);
}

/** Runs in the page: figures that have grown into their panel's heading. */
function overHeadings() {
  return [...document.querySelectorAll(".panel")].filter((panel) => {
    const heading = panel.querySelector(".panel-head h2").getBoundingClientRect();
    const figure = panel.querySelector(".figure, .hero-figure, .fig-row .value");
    const body = figure?.closest(".panel-body, .fig");
    // The line box is taller than what is drawn of a figure.
    const slackPx = 0.1 * heading.height;
    const top = body && figure.closest(".panel-head") === null
      ? figure.getBoundingClientRect().top : Infinity;
    return top < heading.bottom - slackPx;
  }).map((panel) => panel.className);
}

/** Runs in the page: cases, news, vehicles and lines of the past are there. */
function isBusy() {
  const count = (selector) => document.querySelectorAll(selector).length;
  const vehicles = document.querySelector(".dot-moving ~ b")?.textContent.replace(",", "");
  const hasPast = count(".panel-trend") > 0 && count(".panel-trend .words") === 0;
  return count(".case") >= 3 && count(".ticker li") >= 3 && Number(vehicles) > 100 && hasPast;
}
