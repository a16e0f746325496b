// No number without its truth: every figure on the wall carries age and completeness, always.
import assert from "node:assert/strict";

import { assertAccessible } from "../harness/accessible.mjs";
import { FULL_HD } from "../harness/browser.mjs";
import { SERVER_IS_GONE } from "../harness/complaints.mjs";
import { assertTrue, readFigures } from "../harness/figures.mjs";
import { Egret } from "../harness/server.mjs";
import { topic } from "../harness/stage.mjs";

export function truth() {
  topic("the truth about figures", Egret.tiny, (test) => {
    test("on load, after an update and without a server no number stands bare", async (tools) => {
      tools.expect(...SERVER_IS_GONE, /console warning: history of .*Failed to fetch/);
      await tools.gateway.levels({ "M-1": 1.42, "M-2": 0.4 });
      const screens = [];
      for (const language of ["zh", "en"]) {
        const screen = await tools.wall({ language, viewport: FULL_HD });
        await screen.page.waitForSelector(".ticker li");
        await assertTrue(tools, screen, `on load (${language})`);
        screens.push(screen);
      }
      const shown = screens.map((screen) => screen.moment(".panel-stat .figure", "2.31"));
      await tools.gateway.level("M-1", 2.31);
      await Promise.all(shown);
      for (const screen of screens) await assertTrue(tools, screen, "after an update");

      const lost = screens.map((screen) => screen.moment(".screen.lost"));
      await tools.server.kill();
      await Promise.all(lost);
      for (const { page } of screens) {
        const before = await ageOf(page);
        await page.waitForFunction((age) => {
          return Number(document.querySelector(".panel-stat [data-age]").dataset.age) >= age;
        }, before + 2);
      }
      for (const screen of screens) await assertTrue(tools, screen, "with the connection lost");
      await tools.server.start();
      await tools.reconnect();
    });

    test("before a city has come there is no number at all", async (tools) => {
      const screen = await tools.open("/wall/overview", { viewport: FULL_HD, init: muteSockets });
      await screen.page.waitForSelector(".panel-stat .words");
      // The past comes over HTTP, and so without the socket.
      await screen.page.waitForSelector(".spark .line[d^=M], .panel-trend .words", {
        state: "attached",
      });
      const { bare, figures: found } = await readFigures(screen);
      assert.deepEqual(bare, []);
      assert.deepEqual(found.map(({ of, text }) => `${of}: ${text}`), []);
    });

    test("a bare number would be noticed, wherever somebody writes one", async (tools) => {
      await tools.gateway.level("M-1", 1.42);
      const screen = await tools.wall();
      await screen.page.waitForSelector(".ticker li");
      await assertTrue(tools, screen, "before");
      const planted = await screen.page.evaluate(plant);
      const { bare, untrue } = await readFigures(screen);
      assert.deepEqual(bare.sort(), planted.bare);
      assert.deepEqual(untrue.map(({ of }) => of).sort(), planted.untrue);
    });

    test("a missing source shows as a fraction, by shape, by word and in colour", async (tools) => {
      const screen = await tools.wall({ language: "en", viewport: FULL_HD });
      const { page } = screen;
      await tools.gateway.levels({ "M-1": 1.1, "M-2": 1.2 });
      await page.waitForSelector(".panel-stat [data-completeness]");
      const ring = await page.getAttribute(".panel-stat .ring path", "d");
      const href = await page.getAttribute(".panel-stat a.figure", "href");
      assert.match(href, /^\/metric\/[\w.]+\?area=\w+$/);
      assert.ok(ring.length > 20, ring);
      const [part, whole] = (await page.getAttribute(".panel-stat [data-completeness]",
        "data-completeness")).split("/").map(Number);
      const isShort = await page.locator(".panel-stat .completeness.short").count() > 0;
      const words = await page.locator(".panel-stat .flag-partial .flag-word").allTextContents();
      assert.equal(isShort, part < whole);
      assert.deepEqual(words, part < whole ? ["Partial"] : []);
    });

    test("every metric's figure is reached by the keyboard and leads to its page", async (tools) => {
      await tools.gateway.level("M-1", 1.42);
      const { page } = await tools.wall();
      await page.waitForSelector(".ranking a.fig-row");
      const reached = await page.evaluate(() => {
        const links = [...document.querySelectorAll("main a[href^='/metric/']")];
        return links.map((link) => ({ index: link.tabIndex, unseen: !!link.closest(".unseen") }));
      });
      assert.ok(reached.length >= 3, `${reached.length} links`);
      assert.deepEqual(reached.filter(({ index, unseen }) => index < 0 || unseen), []);
      await page.focus(".panel-stat a.figure");
      await page.keyboard.press("Enter");
      await page.waitForURL(/\/metric\//);
    });

    test("usual, forecast and revised values each have a stroke of their own", async (tools) => {
      await tools.gateway.level("M-1", 1.42);
      const { page } = await tools.wall({ viewport: FULL_HD, language: "en", init: mockAnswers });
      await page.waitForSelector(".chart .line");
      await page.waitForFunction(() => {
        const drawn = (name) => document.querySelector(`.chart .${name}[d*="L"]`) !== null;
        return drawn("line") && drawn("usual-line") && drawn("forecast-line") &&
          drawn("forecast-band") && document.querySelector(".chart .revised[d*='v']") !== null;
      });
      const strokes = await page.evaluate(() => {
        const look = (name) => {
          const { stroke, strokeDasharray } = getComputedStyle(document.querySelector(`.chart .${name}`));
          return `${stroke} ${strokeDasharray}`;
        };
        return ["line", "usual-line", "forecast-line"].map(look);
      });
      assert.equal(new Set(strokes).size, 3, strokes.join("; "));
      const legend = await page.textContent(".panel-trend .small-print");
      for (const word of ["usual", "Forecast", "Revised"]) assert.ok(legend.includes(word), legend);
      await assertTrue(tools, { page }, "with a forecast");
      await assertAccessible(tools, page);
    });
  });
}

async function ageOf(page) {
  return Number(await page.getAttribute(".panel-stat [data-age]", "data-age"));
}

/** Runs in the page: writes numbers as a careless engineer would. */
function plant() {
  const write = (selector, html) => {
    document.querySelector(selector).insertAdjacentHTML("beforeend", html);
  };
  write(".panel-stat header", '<span class="careless">42</span>');
  write(".wall", '<p class="careless">三 7</p>');
  write(".panel-ticker", '<p data-figure="careless"><b>13</b></p>');
  write(".panel-feeds, .panel-incidents",
    '<p data-figure="half"><b>8</b> <i data-completeness="1/1"></i></p>');
  return { bare: ['"42" in span.careless', '"三 7" in p.careless'], untrue: ["careless", "half"] };
}

/** Runs in the page, before its own scripts: sockets that never open. */
function muteSockets() {
  window.WebSocket = class extends EventTarget {
    send() {}
    close() {}
  };
}

/**
 * Runs in the page, before its own scripts: a past with what is usual and with a revision, and a
 * forecast, which a server just started cannot have. Only what is asked over HTTP is played.
 */
function mockAnswers() {
  const original = window.fetch.bind(window);
  const HOUR = 3_600_000;
  const json = (value) => new Response(JSON.stringify(value), { status: 200 });
  const iso = (ms) => new Date(ms).toISOString();
  window.fetch = (resource, options) => {
    const url = String(resource.url ?? resource);
    if (/\/metrics\/[^/]+\/forecast/.test(url)) {
      const now = Date.now();
      const points = [0, 1, 2, 3].map((n) => ({
        start: iso(now + n * HOUR), end: iso(now + (n + 1) * HOUR), v: 1.2, low: 0.9, high: 1.6,
      }));
      return Promise.resolve(json({
        available: true, level: 0.9, history_hours: 96, needed_hours: 72, points,
      }));
    }
    if (/\/recent\?/.test(url)) {
      const minute = Math.floor(Date.now() / 60_000);
      const begin = minute - 60;
      const past = Array.from({ length: 60 }, (_, n) => n + 1);
      const items = new URL(url, location.href).searchParams.getAll("of").map((of) => ({
        metric: of.split("@")[0], area: of.split("@")[1], unit: "m",
        minute: past, v: past.map((n) => 1 + 0.2 * Math.sin(n / 6)),
        flags: past.map((n) => (n === 30 ? ["revised"] : [])),
        typical: past.map(() => ({ v: 1.05, spread: 0.1, weeks: 4, z: 0.2 })),
      }));
      return Promise.resolve(json({ from: iso(begin * 60_000), known_at: iso(Date.now()), items }));
    }
    return original(resource, options);
  };
}
