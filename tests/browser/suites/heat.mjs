// Heat of a metric: how strong it is in each area, and what the legend says of it.
import assert from "node:assert/strict";

import { FULL_HD } from "../harness/browser.mjs";
import { difference } from "../harness/picture.mjs";
import { Egret } from "../harness/server.mjs";
import { topic } from "../harness/stage.mjs";
import { until } from "../harness/wait.mjs";

/** At most this share of the pixels differs between two pictures of one view. */
const SAME = 8e-5;

/** The middle of an area is as far from the city's in the picture as 0.05 degrees of latitude. */
const QUARTER = 0.05 / 0.2;

export function heat() {
  const start = () =>
    Egret.tinyWith({
      "scenes.toml": (text) =>
        text.replace('"areas:water.stress", "assets"', '"heat:water.manhole_level_max@grid"'),
    });

  topic("heat of a metric", start, (test) => {
    test("it is where the number is high, and the legend has the highest", async (tools) => {
      const screen = await tools.wall({ viewport: FULL_HD });
      const { page } = screen;
      const map = page.locator(".map-base");
      const area = await map.boundingBox();
      const reach = 0.9 * area.height * QUARTER;
      /** A square around the middle of the western area in the south, or in the north. */
      const clip = (south) => ({
        x: area.x + area.width / 2 - 0.91 * reach - 20,
        y: area.y + area.height / 2 + (south ? reach : -reach) - 20,
        width: 40,
        height: 40,
      });
      const shot = (south) => page.screenshot({ clip: clip(south) });
      const before = await shot(true);

      await tools.gateway.level("M-1", 1.6, [118.05, 24.45]);
      await tools.gateway.level("M-2", 0.2, [118.05, 24.55]);
      await page.waitForFunction(() => {
        return /0\s*1\.6\d*\s*m/.test(document.querySelector(".heat-scale").textContent);
      });
      await until("the south is hot", async () => {
        return (await difference(tools.browser, before, await shot(true))) > 0.9;
      });
      tools.note(`picture: ${await screen.picture("heat")}`);
      // An eighth of the highest is hardly to be seen beside it.
      assert.notDeepEqual(await shot(true), await shot(false));

      const box = page.getByLabel("窨井最高水位 · 热力");
      await box.uncheck();
      assert.match(page.url(), /[?&]hide=heat/);
      await until("it is gone from the picture", async () => {
        return (await difference(tools.browser, before, await shot(true))) <= SAME;
      });
    });
  });
}
