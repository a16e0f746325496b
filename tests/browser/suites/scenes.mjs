// Every scene of the demo city can be read, in both languages and themes.
import assert from "node:assert/strict";

import { assertAccessible } from "../harness/accessible.mjs";
import { FULL_HD } from "../harness/browser.mjs";
import { readFigures } from "../harness/figures.mjs";
import { faults, told } from "../harness/reading.mjs";
import { dress, sceneIds, show, storm } from "../harness/scenes.mjs";
import { topic } from "../harness/stage.mjs";

export function scenes() {
  topic("the scenes of the demo city", storm, (test) => {
    for (const language of ["zh", "en"]) {
      test(`no scene cuts a text, covers one or has one too small (${language})`, async (tools) => {
        const screen = await tools.wall({ viewport: FULL_HD, language });
        const found = [];
        for (const scene of await sceneIds(tools.server)) {
          await show(screen, scene);
          await screen.settled();
          found.push(...told(await faults(screen.page)).map((line) => `${scene}: ${line}`));
        }
        assert.deepEqual(found, []);
      });
    }

    test("no number of any scene stands bare", async (tools) => {
      const screen = await tools.wall({ viewport: FULL_HD });
      const found = [];
      for (const scene of await sceneIds(tools.server)) {
        await show(screen, scene);
        const { bare, untrue } = await readFigures(screen);
        found.push(...bare.map((one) => `${scene}: bare ${one}`));
        found.push(...untrue.map((one) => `${scene}: without its truth ${one.of} ${one.text}`));
      }
      assert.deepEqual(found, []);
    });

    test("the light theme is remembered, and axe finds nothing serious in it", async (tools) => {
      const screen = await tools.wall({ viewport: FULL_HD });
      await dress(screen, "zh", "light");
      for (const scene of ["overview", "water", "emergency"]) {
        await show(screen, scene);
        await assertAccessible(tools, screen.page);
      }
      await screen.page.reload();
      await screen.page.waitForSelector("html[data-theme=light] .wall .panel");
      await dress(screen, "zh", "dark");
    });

    test("a wall that is read from afar has larger units", async (tools) => {
      const near = await tools.open("/wall/hotline?distance=3&width=5.5", { viewport: FULL_HD });
      const far = await tools.open("/wall/hotline?distance=6.5&width=5.5", { viewport: FULL_HD });
      const size = async ({ page }) => {
        await page.waitForSelector(".panel-stat h2");
        return page.evaluate(() => {
          return parseFloat(getComputedStyle(document.querySelector(".panel-stat .truth")).fontSize);
        });
      };
      assert.equal(await size(near), 14);
      // A capital of a two hundredth of 6.5 m, of 0.727 em, where a pixel is 2.86 mm.
      assert.ok(Math.abs((await size(far)) - 15.6) < 0.1, `${await size(far)}`);
    });

    test("an upright screen shows the map on top and cuts nothing of the first panels",
      async (tools) => {
        const screen = await tools.wall({ viewport: { width: 1080, height: 1920 } });
        await show(screen, "overview");
        const { page } = screen;
        const box = await page.locator(".cell:has(.map)").boundingBox();
        assert.ok(box.width > 1000 && box.y < 250, JSON.stringify(box));
        assert.deepEqual(told(await faults(page)), []);
      });

    test("a phone reaches all of the head, and has the panels one below the other",
      async (tools) => {
        const viewport = { width: 390, height: 844 };
        const { page } = await tools.open("/wall/overview?lang=en", { viewport });
        await page.waitForSelector(".wall .panel");
        for (const part of await page.locator(".head .clock, .head-keys button").all()) {
          const box = await part.boundingBox();
          const isSeen = box.x >= 0 && box.x + box.width <= viewport.width;
          assert.ok(isSeen && box.y + box.height < 320, JSON.stringify(box));
        }
        const tops = await page.locator(".cell").evaluateAll((cells) => {
          return cells.map((cell) => {
            const { top, bottom } = cell.getBoundingClientRect();
            return { top, bottom };
          });
        });
        for (const [n, { top }] of tops.entries()) {
          assert.ok(n === 0 || top >= tops[n - 1].bottom, JSON.stringify(tops));
        }
      });
  });
}
