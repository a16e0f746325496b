// The map under hands, and under a graphics driver that lets go of its context.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";

import { ARCHIVE } from "../harness/city.mjs";
import { coloursAt, difference } from "../harness/picture.mjs";
import { Egret } from "../harness/server.mjs";
import { topic } from "../harness/stage.mjs";
import { until } from "../harness/wait.mjs";

/**
 * At most this share of the pixels differs between two pictures of one view: some sixteen pixels,
 * for the edges of lines are smoothed a little otherwise in a new context (ten were seen). Without
 * alerts nothing breathes; the assets' marks alone are more than twice as many.
 */
const SAME = 8e-5;

/** Where assets stand, over the whole city. Longitudes and latitudes in degrees. */
const LONGITUDES = [118.02, 118.06, 118.09, 118.12, 118.16];
const LATITUDES = [24.42, 24.47, 24.49, 24.51, 24.56];

/** The middle of the city, and so of the map. */
const MIDDLE = [118.1, 24.5];

const CANVAS = ".map-base canvas";

/** A ground of tiles alone. */
const TILED = `
[[layer]]
id          = "earth"
file        = "city.pmtiles"
tiles_layer = "earth"
kind        = "land"
attribution = "Surveyors of Tinytown"

[[layer]]
id          = "lake"
file        = "city.pmtiles"
tiles_layer = "water"
kind        = "water"
only        = { kind = ["lake"] }

[[layer]]
id          = "roads"
file        = "city.pmtiles"
tiles_layer = "roads"
kind        = "road"
only        = { kind = ["highway"] }
from_zoom   = 9
`;

/**
 * Places of the map's picture, as shares of its width and height: at its west edge, where the archive
 * alone has land; at its east edge, where nobody has any; and in the archive's lake, which lies in the
 * west of the city, that is as high as the picture and in its middle.
 */
const WEST = [0.01, 0.75];
const EAST = [0.99, 0.5];
const lakeIn = ({ width, height }) => [0.5 - (0.2 * height) / width, 0.72];

/** So far apart may two tellings of one colour be, in a channel. */
const SAME_COLOUR = 3;

export function map() {
  topic("the map", Egret.tiny, (test) => {
    test("keyboard and mouse pan and zoom it", async (tools) => {
      const page = await wallWithAssets(tools);
      const picture = () => page.locator(".map-base").screenshot();
      const moves = async (what, how) => {
        const before = await picture();
        await how();
        const changed = async () => difference(tools.browser, before, await picture());
        await until(what, async () => (await changed()) > SAME);
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

    test("the keyboard walks from asset to asset, keeps a card open and lets it go", async (tools) => {
      const page = await wallWithAssets(tools);
      await page.focus(CANVAS);
      const name = () => page.textContent(".card .card-name");
      await page.keyboard.press("Enter");
      await page.waitForSelector(".card:not(.none)");
      const first = await name();
      await page.keyboard.press("ArrowRight");
      await page.waitForFunction((known) => {
        return document.querySelector(".card .card-name").textContent !== known;
      }, first);
      const second = await name();
      await page.keyboard.press("ArrowLeft");
      await page.waitForFunction((known) => {
        return document.querySelector(".card .card-name").textContent === known;
      }, first);
      assert.notEqual(second, first);
      await page.keyboard.press("Enter");
      await page.waitForSelector(".card.kept dd");
      await page.keyboard.press("Escape");
      await page.waitForSelector(".card.none", { state: "attached" });
    });

    test("a layer is switched off by its switch, and the address remembers it", async (tools) => {
      const page = await wallWithAssets(tools);
      const picture = () => page.locator(".map-base").screenshot();
      const before = await picture();
      const box = page.getByLabel("设施与车辆");
      await box.focus();
      await page.keyboard.press("Space");
      await until("the assets are gone from the picture", async () => {
        return (await difference(tools.browser, before, await picture())) > SAME;
      });
      assert.match(page.url(), /[?&]hide=assets/);
      await page.reload();
      await page.waitForSelector(".map-message", { state: "detached" });
      assert.equal(await page.getByLabel("设施与车辆").isChecked(), false);
      await page.getByLabel("设施与车辆").check();
      assert.doesNotMatch(page.url(), /hide=/);
      await until("they are back", async () => {
        return (await difference(tools.browser, before, await picture())) <= SAME;
      });
    });

    test("it comes back, assets and all, after its graphics context was lost", async (tools) => {
      // MapLibre asks its user to add the layer again, which is what js/map.mjs does.
      tools.expect(/console warning: .*(CONTEXT_LOST_WEBGL|'egret-assets' cannot be restored)/);
      const page = await wallWithAssets(tools);
      const picture = () => page.locator(".map-base").screenshot();
      await page.locator(CANVAS).evaluate((canvas) => {
        window.egretTestsLoss = canvas.getContext("webgl2").getExtension("WEBGL_lose_context");
      });
      for (let round = 1; round <= 3; round += 1) {
        // Of each round anew: on a busy machine marks have aged by the last.
        const before = await picture();
        await page.evaluate(() => window.egretTestsLoss.loseContext());
        await page.waitForFunction((canvas) => {
          return document.querySelector(canvas).getContext("webgl2").isContextLost();
        }, CANVAS);
        await page.evaluate(() => window.egretTestsLoss.restoreContext());
        let share;
        await until(`the map looks as before, round ${round}`, async () => {
          share = await difference(tools.browser, before, await picture());
          return share <= SAME;
        }).catch((error) => {
          throw new Error(`${error.message}: ${share} of it differs`, { cause: error });
        });
      }
    });
  });

  const onTiles = () =>
    Egret.tinyWith({ "map/layers.toml": TILED, "map/city.pmtiles": readFileSync(ARCHIVE) });

  topic("a ground of tiles", onTiles, (test) => {
    test("land and water are painted from an archive, in either theme", async (tools) => {
      const { page } = await tools.wall();
      const base = page.locator(".map-base");
      const places = [WEST, EAST, lakeIn(await base.boundingBox())];
      const seen = async () => coloursAt(tools.browser, await base.screenshot(), places);
      for (const theme of ["dark", "light"]) {
        await page.evaluate((name) => {
          document.documentElement.dataset.theme = name;
        }, theme);
        const [land, ground] = [await colour(page, "--map-land"), await colour(page, "--ground")];
        assert.ok(!isSame(land, ground), `${theme}: land looks like what is beyond`);
        let last;
        await until(`${theme}: land in the west, a lake in the city, nothing in the east`, async () => {
          last = await seen();
          const [west, east, lake] = last;
          return isSame(west, land) && isSame(east, ground) && isSame(lake, ground);
        }).catch((error) => {
          const wanted = JSON.stringify({ land, ground });
          throw new Error(`${error.message}: ${JSON.stringify(last)} of ${wanted}`, { cause: error });
        });
      }
      assert.match(await page.textContent(".map-notes"), /Surveyors of Tinytown/);
    });
  });

  topic("assets on one another", Egret.tiny, (test) => {
    test("assets on one another are counted and named in one card", async (tools) => {
      const places = ["M-A", "M-B", "M-C"];
      await Promise.all(places.map((asset) => tools.gateway.level(asset, 0.5, MIDDLE)));
      const { page } = await tools.wall();
      await page.waitForFunction(() => document.querySelector(".dot-fixed ~ b").textContent === "3");
      const area = await page.locator(".map-base").boundingBox();
      await page.mouse.move(area.x + area.width / 2, area.y + area.height / 2, { steps: 3 });
      await page.waitForSelector(".card-others li:nth-child(3)");
      const text = await page.textContent(".card-others");
      for (const word of ["3", ...places]) assert.ok(text.includes(word), text);
      await page.mouse.down();
      await page.mouse.up();
      await page.click(".card.kept .card-others li:nth-child(2) button");
      await page.waitForSelector(".card-others li:nth-child(2).chosen");
      await page.click(".card-close");
      await page.waitForSelector(".card.kept", { state: "detached" });
    });
  });
}

async function wallWithAssets(tools) {
  const places = LONGITUDES.flatMap((lon) => LATITUDES.map((lat) => [lon, lat]));
  await Promise.all(places.map((place, n) => tools.gateway.level(`M-${n}`, 0.5, place)));
  const { page } = await tools.wall();
  await page.waitForFunction((count) => {
    return document.querySelector(".dot-fixed ~ b").textContent === count;
  }, String(places.length));
  return page;
}

/** A colour of the page's style, `#rrggbb`, as three numbers. */
async function colour(page, token) {
  const text = await page.evaluate((name) => {
    return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  }, token);
  const parts = /^#(..)(..)(..)$/.exec(text);
  assert.ok(parts, `${token} is ${text}`);
  return parts.slice(1).map((part) => parseInt(part, 16));
}

function isSame(one, other) {
  return one.every((part, channel) => Math.abs(part - other[channel]) <= SAME_COLOUR);
}
