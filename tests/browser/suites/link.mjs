// A lost server is visible within 3 s, and the right picture is back within 2 s of its return.
import assert from "node:assert/strict";

import { SERVER_IS_GONE } from "../harness/complaints.mjs";
import { Egret } from "../harness/server.mjs";
import { topic } from "../harness/stage.mjs";

/** What is promised. Milliseconds. */
const LOST_MS = 3_000;
const BACK_MS = 2_000;

const DEAD = ".screen.lost .liveness.dead";

export function link() {
  topic("losing the server", Egret.tiny, (test) => {
    test("a killed server shows within 3 s, its value within 2 s of its return", async (tools) => {
      tools.expect(...SERVER_IS_GONE);
      const screen = await tools.wall();
      await tools.gateway.level("M-1", 1.05);
      await screen.moment(".panel-stat .figure", "1.05");
      for (const level of [1.27, 1.66, 2.03]) {
        const lost = screen.moment(DEAD, "连接已断开");
        const killedAt = await tools.server.kill();
        const lostMs = (await lost) - killedAt;
        await looksLost(screen.page);

        const live = screen.moment(".screen:not(.lost) .liveness.live", "实时", 15_000);
        const right = screen.moment(".panel-stat .figure", level.toFixed(2), 15_000);
        await tools.server.start();
        const readyAt = Date.now();
        const gateway = await tools.reconnect();
        const acknowledgedAt = await gateway.level("M-1", level);
        const [liveAt, rightAt] = await Promise.all([live, right]);
        const order = acknowledgedAt < liveAt ? "before" : "after";
        tools.note(`lost after ${lostMs} ms; live ${liveAt - readyAt} ms and right ` +
          `${rightAt - readyAt} ms after ready; published ${order} the page was back`);
        assert.ok(lostMs < LOST_MS, `lost after ${lostMs} ms`);
        assert.ok(Math.max(liveAt, rightAt) - readyAt < BACK_MS, "back too late");
      }
    });

    test("a server that hangs with its socket open shows within 3 s too", async (tools) => {
      const screen = await tools.wall();
      const lost = screen.moment(DEAD, "连接已断开");
      const hungAt = tools.server.signal("SIGSTOP");
      const lostMs = (await lost) - hungAt;
      const live = screen.moment(".screen:not(.lost) .liveness.live");
      const wokenAt = tools.server.signal("SIGCONT");
      tools.note(`lost after ${lostMs} ms; live ${(await live) - wokenAt} ms after it went on`);
      assert.ok(lostMs < LOST_MS, `lost after ${lostMs} ms`);
    });
  });
}

/** The whole picture loses its colour, not only a word in the corner. */
async function looksLost(page) {
  await page.waitForFunction(() => {
    const { filter } = getComputedStyle(document.querySelector("main"));
    const saturation = filter.match(/saturate\((.*?)\)/);
    return saturation && Number(saturation[1]) < 0.3;
  });
}
