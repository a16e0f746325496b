// The map under hands, and under a graphics driver that lets go of its context.
import assert from "node:assert/strict";

import { difference } from "../harness/picture.mjs";
import { Egret } from "../harness/server.mjs";
import { topic } from "../harness/stage.mjs";
import { until } from "../harness/wait.mjs";

/** Less than this share of the pixels differs between two pictures of one view. */
const SAME = 0.01;

const CANVAS = ".map-base canvas";

export function map() {
  topic("the map", Egret.tiny, (test) => {
    test("keyboard and mouse pan and zoom it", async (tools) => {
      const { page } = await tools.wall();
      const picture = () => page.locator(".map-base").screenshot();
      const moves = async (what, how) => {
        const before = await picture();
        await how();
        await until(what, async () => (await difference(tools.browser, before, await picture())) > SAME);
      };
      await page.focus(CANVAS);
      for (const key of ["+", "ArrowRight", "ArrowDown", "ArrowLeft", "ArrowUp", "-"]) {
        await moves(`${key} moves the map`, () => page.keyboard.press(key));
      }
      const { x, y, width, height } = await page.locator(CANVAS).boundingBox();
      await page.mouse.move(x + width / 2, y + height / 2);
      await moves("the wheel zooms it", () => page.mouse.wheel(0, -400));
      await moves("dragging pans it", async () => {
        await page.mouse.down();
        await page.mouse.move(x + width / 2 + 150, y + height / 2 + 80, { steps: 6 });
        await page.mouse.up();
      });
    });

    test("it comes back, assets and all, after its graphics context was lost", async (tools) => {
      tools.expect(/console warning: .*CONTEXT_LOST_WEBGL/);
      await tools.gateway.levels({ "M-1": 0.5, "M-2": 0.6, "M-3": 0.7 });
      const { page } = await tools.wall();
      await page.waitForFunction(() => document.querySelector(".dot-fixed ~ b").textContent === "3");
      const picture = () => page.locator(".map-base").screenshot();
      const before = await picture();
      await page.locator(CANVAS).evaluate((canvas) => {
        window.egretTestsLoss = canvas.getContext("webgl2").getExtension("WEBGL_lose_context");
      });
      for (let round = 1; round <= 3; round += 1) {
        await page.evaluate(() => window.egretTestsLoss.loseContext());
        await page.waitForFunction((canvas) => {
          return document.querySelector(canvas).getContext("webgl2").isContextLost();
        }, CANVAS);
        await page.evaluate(() => window.egretTestsLoss.restoreContext());
        let share;
        await until(`the map looks as before, round ${round}`, async () => {
          share = await difference(tools.browser, before, await picture());
          return share < SAME / 10;
        }).catch((error) => {
          throw new Error(`${error.message}: ${share} of it differs`, { cause: error });
        });
      }
    });
  });
}
