// The metric page: from a wall's tile to the raw message behind the number.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";

import { assertAccessible } from "../harness/accessible.mjs";
import { FULL_HD } from "../harness/browser.mjs";
import { Egret } from "../harness/server.mjs";
import { topic } from "../harness/stage.mjs";
import { cutTexts } from "../harness/text.mjs";

const PAGE = "/metric/water.manhole_level_max";

const CJK = /[\u3400-\u9fff]/;

export function metric() {
  topic("the metric page", Egret.tiny, (test) => {
    test("a tile leads to its number's history, areas and raw message", async (tools) => {
      const id = await publish(tools, "M-1", 1.42);
      const { page } = await tools.wall({ viewport: FULL_HD });
      await page.waitForSelector(".panel-stat a[href^='/metric/']");
      await page.click(".panel-stat a[href^='/metric/']");
      await page.waitForSelector(".metric h1");
      assert.equal(new URL(page.url()).pathname, PAGE);
      assert.equal(await page.textContent(".metric h1"), "窨井最高水位");
      await page.waitForSelector(".metric-now .hero-figure >> text=1.42");
      assert.match(await page.textContent(".metric-now"), /蓝/);
      await page.waitForSelector(".history-chart .measured[d^=M]", { state: "attached" });
      await page.waitForSelector(".metric-areas tbody tr >> text=1.42");
      const observed = page.locator(".observations tbody", { hasText: "M-1" }).first();
      assert.match(await observed.textContent(), /1\.42 m.*已计入/s);
      await observed.locator("button.raw").click();
      await page.waitForSelector(".raw-row pre");
      const payload = JSON.parse(await page.textContent(".raw-row pre"));
      assert.equal(payload.id, id);
      assert.match(await page.textContent(".raw-row"), /egret\/v1\/manhole\/M-1/);
    });

    test("an area is chosen by its row, and the URL holds it", async (tools) => {
      await publish(tools, "M-1", 1.42);
      const { page } = await tools.open(PAGE);
      const row = page.locator(".metric-areas tbody tr").nth(1);
      const name = (await row.locator("th").textContent()).trim();
      await row.locator("a").click();
      await page.waitForSelector(".metric-areas tr.chosen [aria-current]");
      await page.waitForFunction(
        (name) => document.querySelector(".metric-where b")?.textContent === name, name);
      const url = page.url();
      assert.match(url, /[?&]area=\d+/);
      const { page: again } = await tools.open(url.replace(/^[^/]*\/\/[^/]*/, ""));
      await again.waitForSelector(`.metric-where b >> text=${name}`);
    });

    test("arrow keys read out a window, Enter chooses it, and a table says the same", async (tools) => {
      await publish(tools, "M-2", 1.13);
      const { page } = await tools.open(`${PAGE}?lang=en`, { viewport: FULL_HD });
      await page.waitForSelector(".history-chart .measured[d^=M]", { state: "attached" });
      await page.focus(".history-chart [role=slider]");
      await page.keyboard.press("End");
      await page.waitForSelector(".history-chart .cursor");
      const spoken = await page.getAttribute(".history-chart [role=slider]", "aria-valuetext");
      assert.match(spoken, /\d\d-\d\d \d\d:\d\d · [\d.]+ m · (Normal|Blue)/);
      assert.match(spoken, /Known since/);
      await page.keyboard.press("Enter");
      await page.waitForFunction(() => new URL(location.href).searchParams.has("at"));
      await page.click("text=Back to now");
      await page.waitForFunction(() => !new URL(location.href).searchParams.has("at"));
      await page.click(".metric-history button >> text=Table");
      await page.waitForSelector(".history-table tbody tr");
      const [value] = spoken.match(/[\d.]+(?= m)/);
      assert.ok((await page.textContent(".history-table tbody")).includes(value));
    });

    test("what was known then is said to be so", async (tools) => {
      await publish(tools, "M-1", 1.42);
      const { page } = await tools.open(`${PAGE}?lang=en`, { viewport: FULL_HD });
      await page.fill("#known-at", "2026-01-02T03:04:05");
      await page.click(".knowledge button");
      await page.waitForSelector(".known-at >> text=As known at 2026-01-02 03:04:05");
      await page.waitForSelector(".metric-history >> text=No history yet");
      await page.click(".known-at a");
      await page.waitForSelector(".known-at", { state: "detached" });
    });

    test("a derived number shows its expression and leads to its inputs", async (tools) => {
      await publish(tools, "M-1", 1.42);
      const { page } = await tools.open("/metric/water.stress?lang=en", { viewport: FULL_HD });
      await page.waitForSelector("code[data-formula] >> text=20.0 * m['water.manhole_level_max']");
      await page.click(".inputs a >> text=Highest manhole level");
      await page.waitForSelector("h1 >> text=Highest manhole level");
      const url = new URL(page.url());
      assert.equal(url.pathname, PAGE);
      assert.ok(url.searchParams.has("at"), "the input is that of the same time");
    });

    test("every figure has its age and its completeness, in both languages", async (tools) => {
      await publish(tools, "M-1", 1.42);
      for (const language of ["zh", "en"]) {
        const { page } = await tools.open(`${PAGE}?lang=${language}`, { viewport: FULL_HD });
        await page.waitForSelector(".observations button.raw");
        await page.locator("button.raw").first().click();
        await page.waitForSelector(".raw-row pre");
        const bare = await page.evaluate(bareFigures);
        assert.deepEqual(bare, []);
        assert.deepEqual(await page.evaluate(cutTexts), []);
        await assertAccessible(tools, page);
        const text = await page.evaluate(ownText);
        if (language === "en") assert.doesNotMatch(text, CJK);
      }
    });

    test("a metric or area that is not there is said to be so", async (tools) => {
      tools.expect(/status 404/, /console error: .*404/);
      const { page } = await tools.open("/metric/no.such.metric");
      await page.waitForSelector("text=目录中没有该指标");
      const { page: nowhere } = await tools.open(`${PAGE}?area=1`);
      await nowhere.waitForSelector("text=没有这个区域");
    });
  });
}

/** Publishes a manhole's level; resolves with the message's id. */
async function publish(tools, asset, level) {
  const id = randomUUID();
  const values = { water_level: { v: level, u: "m" } };
  const payload = JSON.stringify({ id, position: [118.05, 24.45], values });
  await tools.gateway.publish(`egret/v1/manhole/${asset}`, payload);
  return id;
}

/** Runs in the page: figures that show a number, but not how old and how complete it is. */
function bareFigures() {
  const shows = (figure) => /\d/.test(figure.querySelector(".number, .hero-figure")?.textContent);
  const lacks = (figure) =>
    !figure.querySelector("[data-age]") || !figure.querySelector("[data-completeness]");
  return [...document.querySelectorAll("[data-figure]")]
    .filter((figure) => shows(figure) && lacks(figure))
    .map((figure) => figure.textContent);
}

/** Runs in the page: what the screen says by itself, without the other language's second line
 *  and what the package and its senders wrote. */
function ownText() {
  const page = document.body.cloneNode(true);
  page.querySelectorAll("[lang], pre, code, script, noscript").forEach((element) => element.remove());
  // The button that switches names the other language.
  page.querySelectorAll(".head-keys").forEach((element) => element.remove());
  return page.textContent;
}
