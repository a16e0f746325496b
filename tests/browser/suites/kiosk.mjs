// Walls that run by themselves: they turn, are taken over by what cannot wait, and are driven from a
// desk.
import assert from "node:assert/strict";

import { FULL_HD } from "../harness/browser.mjs";
import { TABLES } from "../harness/city.mjs";
import { Egret } from "../harness/server.mjs";
import { topic } from "../harness/stage.mjs";
import { until } from "../harness/wait.mjs";

/** Walls of one city turn together but for the look at the clock that each takes for itself, four
 *  times a second, on a machine that is busy. Milliseconds. */
const TOGETHER_MS = 1_500;

/** From the answer to the desk to the wall's own address. Milliseconds. */
const DRIVEN_MS = 1_500;

/** How long an incident has a wall. */
const TAKEOVER = `
[wall]
takeover_dwell = "8s"
`;

const scenes = (text) => (text + TABLES).replaceAll('dwell = "40s"', 'dwell = "4s"') + TAKEOVER;

export function kiosk() {
  topic("walls that run by themselves", () => Egret.tinyWith({ "scenes.toml": scenes }), define);
}

function define(test) {
  test("walls turn by the server's clock, together, and hands hold them", turning);
  test("a red incident takes the wall over and gives it back", takeover);
  test("a desk drives a wall, and sees what it shows", driving);
}

const isAt = (scene) => new RegExp(`/wall/${scene}\\?`);

async function turning(tools) {
  const one = await wall(tools, "?rotate=1");
  const other = await wall(tools, "?rotate=1");
  const moments = await Promise.all(
    [one, other].map(async ({ page }) => {
      await page.waitForURL(isAt("tables"));
      await page.waitForURL(isAt("overview"));
      return Date.now();
    }),
  );
  const apart = Math.abs(moments[0] - moments[1]);
  tools.note(`two walls turned ${apart} ms apart`);
  assert.ok(apart < TOGETHER_MS, `${apart} ms apart`);

  // Held by the space bar, one stays while the other goes through a whole turn.
  await one.page.keyboard.press(" ");
  await one.page.waitForSelector(".pace.held");
  const stays = new URL(one.page.url()).pathname;
  await other.page.waitForURL(isAt("tables"));
  await other.page.waitForURL(isAt("overview"));
  await other.page.waitForURL(isAt("tables"));
  assert.equal(new URL(one.page.url()).pathname, stays);
  await one.page.keyboard.press(" ");
  await one.page.waitForSelector(".pace:not(.held)");
  await one.page.waitForURL(isAt("tables"));
  await one.page.waitForURL(isAt("overview"));

  // The arrows turn it by hand, after which it is left alone.
  const before = new URL(one.page.url()).pathname;
  await one.page.keyboard.press("ArrowRight");
  await one.page.waitForURL((url) => url.pathname !== before);
  await one.page.waitForSelector(".pace.held");
  assert.match(one.page.url(), /rotate=1/);

  // Where the tabs don't fit, the current one is in sight whichever it is.
  await one.page.setViewportSize({ width: 640, height: 900 });
  for (const path of ["/wall/tables", "/data", "/wall/overview"]) {
    await one.page.locator(`.tabs a[href="${path}"]`).evaluate((tab) => tab.click());
    await one.page.waitForSelector(`.tabs a[href="${path}"][aria-current]`);
    await until(`the tab of ${path} is in sight`, () => one.page.evaluate(isTabInSight));
  }
}

/** Runs in the page: the current tab is within its row, at least with its middle. */
function isTabInSight() {
  const row = document.querySelector(".tabs").getBoundingClientRect();
  const tab = document.querySelector(".tabs [aria-current]").getBoundingClientRect();
  const middle = (tab.left + tab.right) / 2;
  return row.left <= middle && middle <= row.right;
}

async function takeover(tools) {
  const { page } = await wall(tools, "?rotate=1&lang=en", { viewport: FULL_HD });
  await page.waitForURL(isAt("tables"));
  const shownAt = page.waitForSelector(".takeover.level-red").then(() => Date.now());
  const sentAt = Date.now();
  await flood(tools.gateway, "R-7", [118.05, 24.45]);
  tools.note(`on the wall ${(await shownAt) - sentAt} ms after the signal was sent`);
  // It needs a map, and the scene that it found has none.
  await page.waitForURL(isAt("overview"));
  await page.waitForSelector(".stage.taken .map-base canvas");
  const said = await page.textContent(".takeover");
  for (const part of [/Road ponding/, /R-7/, /Red/, /Lead/, /Water/i, /left|No time limit/]) {
    assert.match(said, part);
  }
  const { dwell } = await page.evaluate(() => ({
    dwell: document.querySelector(".takeover footer").textContent,
  }));
  assert.match(dwell, /Gives the wall back in/);
  await tools.note(`picture: ${await picture(page)}`);
  await page.waitForSelector(".takeover", { state: "detached", timeout: 20_000 });
  await page.waitForURL(isAt("tables"));

  // The next one is sent away by hand.
  await flood(tools.gateway, "R-8", [118.15, 24.55]);
  await page.waitForSelector(".takeover");
  await page.keyboard.press("Escape");
  await page.waitForSelector(".takeover", { state: "detached" });
}

async function driving(tools) {
  const hall = await wall(tools, "?wall=hall&lang=en");
  const desk = await tools.open("/desk?tab=walls&lang=en", { viewport: FULL_HD });
  const row = desk.page.locator("tr", { hasText: "hall" });
  await row.getByText("turns", { exact: true }).waitFor();

  await row.getByLabel("hall · Show").selectOption({ label: "Tables" });
  const told = Date.now();
  await hall.page.waitForURL(isAt("tables"));
  tools.note(`the wall turned ${Date.now() - told} ms after the desk had chosen`);
  assert.ok(Date.now() - told < DRIVEN_MS, "the wall turned too late");
  await row.getByText("driven by a desk").waitFor();
  await row.getByText("Tables", { exact: true }).first().waitFor();

  await row.getByRole("button", { name: /^Next/ }).click();
  await hall.page.waitForURL(isAt("overview"));
  await flood(tools.gateway, "R-9", [118.1, 24.5]);
  await hall.page.waitForSelector(".takeover");
  await hall.page.keyboard.press("Escape");
  await hall.page.waitForSelector(".takeover", { state: "detached" });
  const spotlight = row.getByLabel("hall · Spotlight");
  await until("the incident can be chosen", async () => {
    return (await spotlight.locator("option").count()) > 1;
  });
  await spotlight.selectOption({ index: 1 });
  await hall.page.getByText("Put up by the duty desk").waitFor();
  await row.getByRole("button", { name: /^Give back/ }).click();
  await hall.page.waitForSelector(".takeover", { state: "detached" });
  await row.getByText("turns", { exact: true }).waitFor();

  await hall.page.close();
  await row.getByText("Offline").or(desk.page.getByText("There is no wall")).first().waitFor();
}

/** Opens a wall that runs by itself. */
async function wall(tools, query, options) {
  const screen = await tools.open(`/wall/overview${query}`, options);
  await screen.page.waitForSelector(".liveness.live");
  await screen.page.waitForSelector(".cell");
  return screen;
}

/** A gauge reads a red depth, and has done so for longer than the rule wants. */
async function flood(gateway, gauge, [lng, lat]) {
  for (const minutesAgo of [2, 0]) {
    const ts = Date.now() - 60_000 * minutesAgo;
    const reading = { msgId: `${gauge}-${ts}`, ts, gps: { lng, lat }, depth_mm: 420 };
    await gateway.publish(`vendor-x/${gauge}/telemetry`, JSON.stringify(reading));
  }
}

/** A picture of a wall that has been taken over, to be looked at. */
async function picture(page) {
  const path = new URL("../out/takeover.png", import.meta.url).pathname;
  await page.screenshot({ path });
  return path;
}
