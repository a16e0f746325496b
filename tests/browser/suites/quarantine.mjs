// Nothing vanishes: what was refused is on the feeds' page, with why and as it came.
import assert from "node:assert/strict";

import { Egret } from "../harness/server.mjs";
import { topic } from "../harness/stage.mjs";
import { until } from "../harness/wait.mjs";

/** MQTT 5: payload format invalid. */
const FORMAT_INVALID = 0x99;
/** So many refused messages the city's rule takes for a fault of their feed. */
const REFUSED = 20;

export function quarantine() {
  topic("quarantine", Egret.tiny, (test) => {
    test("a refused message is shown to the feed's owner as it came", async (tools) => {
      const { page } = await tools.open("/data?lang=en");
      await page.waitForSelector("text=Nothing has been refused");
      const payload = '{"values": oops';
      const refusal = tools.gateway.publish("egret/v1/manhole/M-7", payload);
      await assert.rejects(refusal, { code: FORMAT_INVALID });
      const row = page.locator("tr", { has: page.locator("code", { hasText: payload }) });
      await row.waitFor();
      assert.match(await row.textContent(), /Manhole level/);
      // The session goes on: the same gateway is heard again.
      await tools.gateway.level("M-7", 0.8);
      const feed = page.locator(".feeds-table tr", { hasText: "Manhole level" });
      const cells = () => feed.locator("td").allTextContents();
      await page.waitForFunction(() => {
        const rows = [...document.querySelectorAll(".feeds-table tbody tr")];
        const manhole = rows.find((one) => one.textContent.includes("Manhole level"));
        const figures = [...manhole.querySelectorAll(".number")].map((one) => one.textContent);
        // Accepted and refused.
        return figures[3] === "1" && figures[4] === "1";
      }).catch(async (error) => {
        throw new Error(`accepted 1, refused 1? The row says ${await cells()}`, { cause: error });
      });
    });

    test("what is wrong with a feed stands below it and leads to its incident", async (tools) => {
      const { page } = await tools.open("/data?lang=en");
      const feed = ".feeds-table tr:has(th:has-text('Manhole level'))";
      await page.locator(feed).waitFor();
      assert.equal(await page.locator(".feed-alerts").locator("visible=true").count(), 0);
      for (let n = 0; n < REFUSED; n += 1) {
        const refusal = tools.gateway.publish("egret/v1/manhole/M-8", `{"values": ${n} oops`);
        await assert.rejects(refusal, { code: FORMAT_INVALID });
      }
      const incident = await until("an incident has taken the alert up", async () => {
        const answer = await fetch(tools.server.url("/api/v1/alerts"));
        const { items } = await answer.json();
        return items.find((one) => one.key.rule === "refused-messages")?.incident;
      }, 20_000);
      const link = page.locator(`${feed} + .feed-alerts`).getByRole("link");
      await page.waitForSelector(`.feed-alerts a[href="/incident/${incident}"]`);
      assert.equal(await link.count(), 1);
      assert.equal(await page.locator(".feed-alerts").locator("visible=true").count(), 1);
      await page.evaluate(() => (window.isStillHere = true));
      await link.press("Enter");
      await page.waitForURL(new RegExp(`/incident/${incident}`));
      await page.locator(".evidence", { hasText: "Messages refused" }).waitFor();
      assert.ok(await page.evaluate(() => window.isStillHere), "the page was not loaded anew");
    });
  });
}
