// From a gateway's publish to the wall: the product's main job, watched in the document.
import assert from "node:assert/strict";

import { difference } from "../harness/picture.mjs";
import { Egret } from "../harness/server.mjs";
import { topic } from "../harness/stage.mjs";
import { median, until } from "../harness/wait.mjs";

/** What is promised. Milliseconds from the PUBACK to the changed document. */
const PROMISED_MS = 2_000;

/** Rising, because the tile shows the highest of the last five minutes; the words by the city's
 *  limits of 1.0, 1.5, 2.0 and 2.5 m. */
const LEVELS = [
  [0.61, "正常"],
  [1.42, "蓝"],
  [1.73, "黄"],
  [2.25, "橙"],
  [2.84, "红"],
];

/** The middle of the city, and so of the map. */
const MIDDLE = [118.1, 24.5];

export function publishing() {
  topic("publishing", Egret.tiny, (test) => {
    test("a published value and its level are on the wall within 2 s", async (tools) => {
      const screen = await tools.wall();
      const delays = [];
      for (const [level, word] of LEVELS) {
        const figure = screen.moment(".panel-stat .figure", level.toFixed(2));
        const said = screen.moment(".panel-stat .level-word", word);
        const publishedAt = Date.now();
        const acknowledgedAt = await tools.gateway.level("M-1", level, MIDDLE);
        const shownAt = Math.max(await figure, await said);
        delays.push({ puback: shownAt - acknowledgedAt, publish: shownAt - publishedAt });
      }
      const text = (way) => {
        const figures = delays.map((delay) => delay[way]);
        return `${way} → screen: median ${median(figures)} ms of ${figures.join(", ")}`;
      };
      tools.note(text("puback"));
      tools.note(text("publish"));
      assert.ok(Math.max(...delays.map((delay) => delay.puback)) < PROMISED_MS);
    });

    test("a new asset appears on the map where it stands, and tells of itself", async (tools) => {
      await tools.gateway.level("M-1", 0.73, MIDDLE);
      const { page } = await tools.wall();
      await fixed(page, "1");
      const area = await page.locator(".map-base").boundingBox();
      // A quarter of the city's width west of its middle: well inside a district. The city fills
      // nine tenths of the map's height, and is nine tenths as wide as high.
      const x = area.x + area.width / 2 - 0.25 * 0.9 * 0.91 * area.height;
      const clip = { x: x - 10, y: area.y + area.height / 2 - 10, width: 20, height: 20 };
      const before = await page.screenshot({ clip });
      await tools.gateway.level("M-2", 0.5, [118.05, 24.5]);
      await fixed(page, "2");
      await until("a mark is drawn where the asset stands", async () => {
        const after = await page.screenshot({ clip });
        return (await difference(tools.browser, before, after)) > 0;
      });

      await page.mouse.move(area.x + area.width / 2, area.y + area.height / 2, { steps: 3 });
      await page.waitForSelector(".card dd");
      const card = await page.textContent(".card");
      assert.match(card, /M-1/);
      assert.match(card, /0\.73/);
    });
  });
}

/** Waits until the legend counts as many fixed assets. */
function fixed(page, count) {
  return page.waitForFunction((wanted) => {
    return document.querySelector(".dot-fixed ~ b").textContent === wanted;
  }, count);
}
