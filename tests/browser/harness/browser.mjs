// Debian's Chromium with WebGL2 in software, and pages in it that are watched from the start.
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";

import { complaints } from "./complaints.mjs";

/** Where pictures go. */
export const OUT = fileURLToPath(new URL("../out/", import.meta.url));

/** No process of its own for the graphics, no talk with anyone but the server under test. */
const FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--enable-unsafe-swiftshader",
  "--use-gl=angle",
  "--use-angle=swiftshader",
  "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
];

/** The picture a wall shows: the design is drawn for it. */
export const FULL_HD = { width: 1920, height: 1080 };
/** The same picture with a quarter of the pixels, where its sharpness does not matter: a processor
 *  that plays the graphics card takes its time for each. */
const SMALL = { width: 960, height: 540 };

/** Starts the browser with a fresh profile. */
export function launch() {
  mkdirSync(OUT, { recursive: true });
  const executablePath = process.env.CHROMIUM ?? "/usr/bin/chromium";
  return chromium.launch({ executablePath, args: FLAGS });
}

/** A page, the answer that brought its document, and everything it complained about. */
export class Screen {
  constructor(page, answer, found) {
    this.page = page;
    this.answer = answer;
    this.complaints = found;
  }

  /** Opens a path of the server in a context of its own; `elsewhere` is another origin that it may
   *  be led to. */
  static async open(browser, server, path, { viewport = SMALL, init, elsewhere } = {}) {
    const context = await browser.newContext({ viewport, locale: "zh-CN" });
    const found = await complaints(context, server.url("/"), elsewhere);
    if (init) await context.addInitScript(init);
    const page = await context.newPage();
    page.setDefaultTimeout(15_000);
    const answer = await page.goto(server.url(path));
    return new Screen(page, answer, found);
  }

  /** Opens a wall, and waits until it is live and its map is drawn. */
  static async wall(browser, server, { language = "zh", ...options } = {}) {
    const screen = await Screen.open(browser, server, `/wall/overview?lang=${language}`, options);
    await screen.page.waitForSelector(".liveness.live");
    await screen.page.waitForSelector(".map-base canvas");
    await screen.page.waitForSelector(".map-message", { state: "detached" });
    return screen;
  }

  /** Complaints but those that `expected` names. */
  unexpected(expected = []) {
    return this.complaints.filter((text) => !expected.some((known) => known.test(text)));
  }

  /**
   * The moment at which an element that matches `selector` contains `text`, by the browser's own
   * watch over the document: polling from outside would add its own delay. Milliseconds since
   * the epoch, of the clock that this process shares with the browser.
   */
  moment(selector, text = "", deadlineMs = 10_000) {
    return this.page.evaluate(watchDocument, { selector, text, deadlineMs });
  }

  /** Waits for a moment in which nothing fades in or moves to its place. */
  settled() {
    return this.page.waitForFunction(() => {
      const isLasting = (motion) => motion.effect.getComputedTiming().iterations === Infinity;
      const isMoving = (motion) => motion.playState === "running" && !isLasting(motion);
      return !document.getAnimations().some(isMoving);
    });
  }

  /** Saves a picture; returns its path. */
  async picture(name) {
    const path = join(OUT, `${name}.png`);
    // A processor that plays the graphics card takes its time for 4K, and more beside a compiler.
    await this.page.screenshot({ path, timeout: 30_000 });
    return path;
  }

  close() {
    return this.page.context().close();
  }
}

/** Runs in the page. */
function watchDocument({ selector, text, deadlineMs }) {
  const isThere = () =>
    [...document.querySelectorAll(selector)].some((one) => one.textContent.includes(text));
  return new Promise((resolve, reject) => {
    const watch = new MutationObserver(look);
    const late = setTimeout(() => {
      watch.disconnect();
      const instead = [...document.querySelectorAll(selector)].map((one) => one.textContent);
      reject(new Error(`${selector} is not "${text}" after ${deadlineMs} ms: ${instead}`));
    }, deadlineMs);
    function look() {
      if (!isThere()) return;
      clearTimeout(late);
      watch.disconnect();
      resolve(Date.now());
    }
    const everything = { attributes: true, characterData: true, childList: true, subtree: true };
    watch.observe(document, everything);
    look();
  });
}
