// Where warnings are in force, as their issuers drew them, on the map of a wall.
import assert from "node:assert/strict";

import { FULL_HD } from "../harness/browser.mjs";
import { difference } from "../harness/picture.mjs";
import { Egret } from "../harness/server.mjs";
import { topic } from "../harness/stage.mjs";
import { until } from "../harness/wait.mjs";

const FEED = `
[[feed]]
id             = "weather"
name           = { zh = "气象预警", en = "Weather warnings" }
department     = "west"
domain         = "environment"
report         = true
topic          = "cap/+"
format         = "cap-1.2"
classification = "public"
`;

const RULE = `
[[rule]]
id      = "rainstorm"
name    = { zh = "暴雨预警", en = "Rainstorm warning" }
kind    = "warning"
on      = { feed = "weather" }
lasts   = "6h"
level   = { rainstorm-orange = "orange", rainstorm-red = "red" }
message = { zh = "暴雨预警", en = "Rainstorm warning" }
`;

/** The corners of the city, latitude first, as CAP writes them. */
const NORTH_WEST = "24.52,118.01 24.52,118.09 24.58,118.09 24.58,118.01 24.52,118.01";

/** A warning whose time is over in an hour. */
function cap({ severity = "Severe", id = "W-1", step = "Alert", references = "" } = {}) {
  const sent = new Date(Date.now() - 5_000).toISOString().replace("Z", "+00:00");
  const expires = new Date(Date.now() + 3_600_000).toISOString().replace("Z", "+00:00");
  return `<alert xmlns="urn:oasis:names:tc:emergency:cap:1.2"><identifier>${id}</identifier>
    <sender>w@example.org</sender><sent>${sent}</sent><status>Actual</status>
    <msgType>${step}</msgType><scope>Public</scope><references>${references}</references>
    <info><language>zh-CN</language><event>rainstorm</event><urgency>Expected</urgency>
    <severity>${severity}</severity><certainty>Likely</certainty><expires>${expires}</expires>
    <senderName>小城气象台</senderName><headline>西北部将有暴雨</headline>
    <area><areaDesc>西北部</areaDesc><polygon>${NORTH_WEST}</polygon>
    <circle>24.44,118.15 2.5</circle></area></info></alert>`;
}

export function warnings() {
  const start = () =>
    Egret.tinyWith({
      "feeds.toml": (text) => text + FEED,
      "rules.toml": (text) => text + RULE,
      "scenes.toml": (text) => text.replace('"assets", "incidents"]', '"warnings", "assets", "incidents"]'),
    });

  topic("warnings on the map", start, (test) => {
    test("what an issuer drew is drawn, labelled, switched off and told of by its card", async (tools) => {
      const screen = await tools.wall({ viewport: FULL_HD });
      const { page } = screen;
      const map = page.locator(".map-base");
      const before = await map.screenshot();
      await tools.gateway.publish("cap/weather", cap());
      const label = page.locator(".warning-label:not(.none)");
      await label.waitFor();
      assert.match(await label.textContent(), /橙.*暴雨预警 至 (\d\d-\d\d )?\d\d:\d\d/);
      let share;
      await until("the area is hatched", async () => {
        share = await difference(tools.browser, before, await map.screenshot());
        return share > 0.02;
      });
      tools.note(`${(100 * share).toFixed(1)} % of the map is another`);

      const { x, y, width, height } = await map.boundingBox();
      // The city fills nine tenths of the height: the middle of what was drawn in its north-west.
      const scale = (0.9 * height) / 0.2;
      const spot = [x + width / 2 - 0.05 * 0.91 * scale, y + height / 2 - 0.05 * scale];
      await page.mouse.click(...spot);
      const card = page.locator(".warning-card");
      await card.waitFor();
      const told = await card.textContent();
      for (const words of ["西北部将有暴雨", "小城气象台", "橙", "至"]) assert.ok(told.includes(words), told);
      tools.note(`picture: ${await screen.picture("warnings")}`);
      await page.focus(".map-base canvas");
      await page.keyboard.press("Escape");
      await card.waitFor({ state: "detached" });
      await page.mouse.click(x + width / 2 + 0.06 * 0.91 * scale, y + height / 2 - 0.05 * scale);
      await page.waitForFunction(() => !document.querySelector(".warning-card"));

      // By keyboard, and for those who hear the map.
      await page.focus(".map-base canvas");
      await page.keyboard.press("w");
      await card.waitFor();
      assert.ok((await card.textContent()).includes("西北部将有暴雨"));
      await page.keyboard.press("w");
      await card.waitFor({ state: "detached" });
      const row = page.getByRole("table", { name: "生效预警" }).getByRole("row").nth(1);
      assert.match(await row.textContent(), /西北部将有暴雨.*橙.*小城气象台/);

      const drawn = await map.screenshot();
      await page.getByLabel("生效预警").uncheck();
      await until("it is gone from the picture", async () => {
        return (await difference(tools.browser, drawn, await map.screenshot())) > 0.02;
      });
      await label.waitFor({ state: "hidden" });
      await page.getByLabel("生效预警").check();
      await label.waitFor();
    });

    test("it is gone with its cancelling", async (tools) => {
      const { page } = await tools.wall();
      await page.locator(".warning-label:not(.none)").waitFor();
      const sent = new Date(Date.now() - 6_000).toISOString().replace("Z", "+00:00");
      const references = `w@example.org,W-1,${sent}`;
      await tools.gateway.publish("cap/weather", cap({ id: "W-2", step: "Cancel", references }));
      await page.locator(".warning-label").waitFor({ state: "detached" });
    });
  });
}
