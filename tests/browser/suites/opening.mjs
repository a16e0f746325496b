// A wall opens: whole, quiet, and without asking anyone but its server.
import assert from "node:assert/strict";

import { FULL_HD } from "../harness/browser.mjs";
import { SERVER_IS_GONE } from "../harness/complaints.mjs";
import { statistics } from "../harness/picture.mjs";
import { Egret } from "../harness/server.mjs";
import { topic } from "../harness/stage.mjs";
import { until } from "../harness/wait.mjs";

/** What a page asks first, and the address of its connection. */
const FIRST = ["/api/v1/me", "/api/v1/catalog", "/ws"];

export function opening() {
  topic("opening a page", Egret.tiny, (test) => {
    test("the wall opens with head line, panels and a map drawn by WebGL 2", async (tools) => {
      const begun = Date.now();
      const { page } = await tools.wall({ viewport: FULL_HD });
      tools.note(`live and drawn after ${Date.now() - begun} ms`);
      assert.equal(await page.textContent(".brand b"), "小城");
      assert.match(await page.textContent(".clock"), /^\d\d:\d\d:\d\d$/);
      assert.equal(await page.textContent(".liveness [role=status]"), "实时");
      assert.equal(await page.textContent(".chip.simulated"), "模拟数据");
      assert.equal(await page.locator(".panel-stat h2").textContent(), "窨井最高水位");
      for (const kind of ["stat", "ranking", "trend", "incidents", "ticker"]) {
        assert.equal(await page.locator(`.panel-${kind}`).count(), 1, kind);
      }
      const kind = await page.locator(".map-base canvas").evaluate((canvas) => {
        return canvas.getContext("webgl2")?.constructor.name;
      });
      assert.equal(kind, "WebGL2RenderingContext");
      const picture = await page.locator(".map-base").screenshot();
      const { deviation, colours } = await statistics(tools.browser, picture);
      assert.ok(deviation > 2 && colours > 5, `the map: ${deviation}, ${colours} colours`);
    });

    test("the page's policy allows its own origin alone", async (tools) => {
      const { answer } = await tools.wall();
      const policy = (await answer.allHeaders())["content-security-policy"];
      assert.match(policy, /default-src '(self|none)'/);
      assert.doesNotMatch(policy, /https?:|'unsafe-inline'|'unsafe-eval'|\*/);
    });

    test("a request to elsewhere would be noticed", async (tools) => {
      tools.expect(/content policy: connect-src/, /console error: .*Content Security Policy/);
      const screen = await tools.wall();
      await screen.page.evaluate(() => fetch("http://elsewhere.invalid/").catch(() => {}));
      const isNoticed = (text) => text.startsWith("content policy: connect-src blocks");
      await until("the policy is heard of", () => screen.complaints.some(isNoticed));
    });

    test("an address that leads nowhere says so and shows the way back", async (tools) => {
      // Whether the document comes with 200 or 404 is the server's business.
      tools.expect(/status 404: .*\/no\/such\/page/, /console error: .*404.*\/no\/such\/page/);
      const { page } = await tools.open("/no/such/page");
      await page.waitForSelector("text=没有这个页面");
      await page.click(".nowhere a");
      await page.waitForSelector(".panel-stat");
      const { page: scene } = await tools.open("/wall/no-such-scene");
      await scene.waitForSelector("text=没有这个专题");
    });

    test("what the program asks first is asked once, while it is being loaded", async (tools) => {
      const { page } = await tools.wall();
      const loading = await loadAnew(page);
      await until("all is asked", () => FIRST.every((path) => loading.times(path) > 0));
      loading.goOn();
      await page.waitForSelector(".liveness.live");
      await page.waitForSelector(".panel-stat");
      assert.deepEqual(FIRST.map(loading.times), [1, 1, 1]);
    });

    test("a connection that breaks before the program is there is replaced", async (tools) => {
      tools.expect(...SERVER_IS_GONE);
      const screen = await tools.wall();
      const { page } = screen;
      const loading = await loadAnew(page);
      await until("the server has said something", () => loading.messages() > 0);
      await tools.server.kill();
      await tools.server.start();
      loading.goOn();
      await page.waitForSelector(".liveness.live");
      assert.deepEqual(FIRST.map(loading.times), [2, 2, 2], "what was asked before counts no more");
      const gateway = await tools.reconnect();
      const right = screen.moment(".panel-stat .figure", "1.44", 15_000);
      await gateway.level("M-1", 1.44);
      await right;
    });
  });

  topic("opening a page without being let in", Egret.guarded, (test) => {
    test("nothing of the city is asked for", async (tools) => {
      const { page } = await tools.open("/");
      await page.waitForSelector("form");
      const loading = await loadAnew(page);
      loading.goOn();
      await page.waitForSelector("form");
      assert.deepEqual(FIRST.slice(1).map(loading.times), [0, 0]);
    });
  }, { hasGateway: false });
}

/** Loads a page anew, and holds its program back until `goOn`: how often what was asked, and how many
 *  messages have come by its connections. */
async function loadAnew(page) {
  const asked = [];
  let messages = 0;
  let goOn;
  const held = new Promise((resolve) => (goOn = resolve));
  page.on("request", (request) => asked.push(new URL(request.url()).pathname));
  page.on("websocket", (socket) => {
    asked.push(new URL(socket.url()).pathname);
    socket.on("framereceived", () => (messages += 1));
  });
  await page.route("**/*_bg.wasm", async (route) => {
    await held;
    await route.continue();
  });
  // Everything but the program is there then.
  await page.reload({ waitUntil: "domcontentloaded" });
  const times = (path) => asked.filter((one) => one === path).length;
  return { goOn, times, messages: () => messages };
}
