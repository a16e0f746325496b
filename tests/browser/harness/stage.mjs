// How a topic is put on stage: its own server and gateway, pages that are closed afterwards, and
// for a failed test what one needs to see.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";

import { Screen, launch } from "./browser.mjs";
import { Gateway } from "./gateway.mjs";
import { Egret } from "./server.mjs";

/** How long a test may take: twice what the longest was seen to, on a slow machine that compiled beside
 *  it. Milliseconds. */
const TEST_MS = 120_000;
/** How long all topics together may take: some three times what they were seen to. Milliseconds. */
const RUN_MS = 25 * 60_000;

let browser;

/** The whole run: one browser for all topics, which `define` names. */
export function run(name, define) {
  describe(name, () => {
    before(async () => {
      endWhenOverdue();
      browser = await launch();
    });
    after(() => browser?.close());
    define();
  });
}

/** A run that hangs, in a hook or behind the last test, ends by itself, and its servers with it. */
function endWhenOverdue() {
  const overdue = () => {
    console.error(`the suites are not done after ${RUN_MS} ms, so they are ended`);
    process.exit(1);
  };
  setTimeout(overdue, RUN_MS).unref();
}

/**
 * A topic: tests that share the server which `start` starts, in the order in which they stand.
 * `define` gets `test(name, body)`; a body gets its [`Tools`]. Where people have to sign in, so
 * has a gateway, and `hasGateway` is false.
 */
export function topic(name, start, define, { hasGateway = true } = {}) {
  describe(name, () => {
    const shared = { server: undefined, gateway: undefined };
    before(async () => {
      shared.server = await start();
      if (hasGateway) shared.gateway = await Gateway.connect(shared.server);
    });
    after(async () => {
      await shared.gateway?.close();
      await shared.server?.close();
      await Egret.closeAll();
    });
    define((title, body) => it(title, { timeout: TEST_MS }, (t) => perform(t, shared, body)));
  });
}

async function perform(t, shared, body) {
  const tools = new Tools(t, shared);
  try {
    await body(tools);
    tools.assertNoComplaints();
  } catch (error) {
    await tools.showEvidence(t.name);
    throw error;
  } finally {
    await tools.close();
  }
}

/** What a test works with. */
class Tools {
  #t;
  #shared;
  #screens = [];
  #expected = [];

  constructor(t, shared) {
    this.#t = t;
    this.#shared = shared;
  }

  get browser() {
    return browser;
  }

  get server() {
    return this.#shared.server;
  }

  get gateway() {
    return this.#shared.gateway;
  }

  /** A new connection, after the server was away. */
  async reconnect() {
    await this.gateway.close();
    this.#shared.gateway = await Gateway.connect(this.server);
    return this.gateway;
  }

  /** Opens a path. */
  async open(path, options) {
    return this.#keep(await Screen.open(browser, this.server, path, options));
  }

  /** Opens a path by way of what stands before the server. */
  async through(front, path, options) {
    return this.#keep(await Screen.open(browser, front, path, options));
  }

  /** Opens a wall. */
  async wall(options) {
    return this.#keep(await Screen.wall(browser, this.server, options));
  }

  #keep(screen) {
    this.#screens.push(screen);
    return screen;
  }

  /** Complaints that belong to what the test does. */
  expect(...patterns) {
    this.#expected.push(...patterns);
  }

  /** A figure or a remark, shown with the test. */
  note(text) {
    this.#t.diagnostic(text);
  }

  /** Every page of every test is quiet, keeps to its origin and breaks no policy. */
  assertNoComplaints() {
    const found = this.#screens.flatMap((screen) => screen.unexpected(this.#expected));
    assert.deepEqual(found, [], "what the pages complained about");
  }

  async showEvidence(title) {
    const name = title.replace(/[^A-Za-z0-9]+/g, "-").slice(0, 60);
    for (const [number, screen] of this.#screens.entries()) {
      const saved = screen.picture(`failed-${name}-${number}`);
      this.note(`picture: ${await saved.catch((error) => `none, ${error.message}`)}`);
      screen.complaints.forEach((complaint) => this.note(`the page: ${complaint}`));
    }
    this.note(`the server's last words:\n${this.server?.stderr}`);
  }

  async close() {
    await Promise.all(this.#screens.map((screen) => screen.close()));
  }
}
