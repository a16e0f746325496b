// Chinese and English switch at run time, and nothing stays behind.
import assert from "node:assert/strict";

import { Egret } from "../harness/server.mjs";
import { topic } from "../harness/stage.mjs";
import { texts } from "../harness/text.mjs";

const CJK = /[\u3000-\u303f\u3400-\u9fff\uff00-\uffef]/;

/** Signs and units that are the same in every language. */
const INTERNATIONAL = /^(m|km\/h|L|Tab|\?|[^\p{L}]*)$/u;

export function language() {
  topic("languages", Egret.tiny, (test) => {
    test("the key l changes every word of the wall, and changes it back", async (tools) => {
      await tools.gateway.levels({ "M-1": 1.42, "M-2": 0.4 });
      const { page } = await tools.wall();
      await page.waitForSelector(".ticker li");
      const chinese = await page.evaluate(texts);
      await switchTo(page, "en");
      await assertEnglish(page, chinese);
      await switchTo(page, "zh-CN");
      const headings = (found) => found.filter(({ place }) => place === "h2" || place === "button");
      assert.deepEqual(headings(await page.evaluate(texts)), headings(chinese));
    });

    test("the help and the feeds' page change too, and the choice is remembered", async (tools) => {
      const { page } = await tools.open("/data");
      await page.waitForSelector(".feeds-table tbody tr");
      await page.keyboard.press("?");
      await page.waitForSelector(".help");
      const chinese = await page.evaluate(texts);
      await switchTo(page, "en");
      await assertEnglish(page, chinese);
      await page.goto(tools.server.url("/wall/overview"));
      await page.waitForSelector(".panel-stat");
      assert.equal(await page.getAttribute("html", "lang"), "en");
    });
  });
}

async function switchTo(page, language) {
  await page.keyboard.press("l");
  await page.waitForFunction((wanted) => document.documentElement.lang === wanted, language);
}

/** Nothing Chinese is left, and nothing of the Chinese page was English all along. */
async function assertEnglish(page, chinese) {
  const own = (found) => found.filter(({ foreign }) => !foreign);
  const english = own(await page.evaluate(texts));
  assert.ok(english.length > 20, `${english.length} texts`);
  assert.deepEqual(english.filter(({ text }) => CJK.test(text)), [], "Chinese on the English page");
  const before = new Set(own(chinese).map(({ text }) => text));
  // Keys are called the same in every language.
  const said = english.filter(({ place }) => place !== "kbd");
  const same = said.filter(({ text }) => before.has(text) && !INTERNATIONAL.test(text));
  assert.deepEqual(same, [], "the same on the Chinese page");
}
