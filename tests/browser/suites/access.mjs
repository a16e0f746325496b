// Everyone can use the screens: no serious finding of axe-core in either language.
import assert from "node:assert/strict";

import { assertAccessible } from "../harness/accessible.mjs";
import { Egret } from "../harness/server.mjs";
import { topic } from "../harness/stage.mjs";

export function access() {
  topic("accessibility", Egret.tiny, (test) => {
    test("axe finds nothing serious on the wall", async (tools) => {
      await tools.gateway.levels({ "M-1": 2.2, "M-2": 0.4 });
      for (const language of ["zh", "en"]) {
        const { page } = await tools.wall({ language });
        await page.waitForSelector(".ticker li");
        await assertAccessible(tools, page);
      }
    });

    test("axe finds nothing serious on the feeds' page and in the help", async (tools) => {
      await tools.gateway.publish("egret/v1/manhole/M-1", "no JSON").catch(() => {});
      const { page } = await tools.open("/data?lang=en");
      await page.waitForSelector("code");
      await assertAccessible(tools, page);
      await page.keyboard.press("?");
      await page.waitForSelector(".help");
      await assertAccessible(tools, page);
      const keys = await page.locator(".help kbd").allTextContents();
      assert.ok(keys.includes("L") && !keys.includes("T"), "the theme has its letter on walls alone");
    });
  });
}
