// A feed that is to be asked for: the officer writes a URL, the server fetches a sample of it, or says
// why not, and the sample is mapped like one that was pasted.
import assert from "node:assert/strict";
import { createServer } from "node:http";

import { assertAccessible } from "../harness/accessible.mjs";
import { Egret } from "../harness/server.mjs";
import { topic } from "../harness/stage.mjs";

/** How long the server may take to fold the small city anew. Milliseconds. */
const FOLD_MS = 30_000;

export function fetching() {
  topic("fetching a sample", start, define, { hasGateway: false });
}

/** A server that may ask this machine, by one address of it. */
async function start() {
  const server = await Egret.tiny();
  return server.restart(() => '[poll]\nallow = ["127.0.0.1"]\n');
}

function define(test) {
  test("a sample is fetched, mapped, and connected", async (tools) => {
    const vendor = await Vendor.open();
    try {
      const { page } = await tools.open("/data/connect?lang=en");
      const url = page.getByLabel("Fetched from", { exact: true });
      const button = page.getByRole("button", { name: "Fetch a sample" });
      assert.equal(await button.count(), 0, "there is no URL to ask");
      await url.fill(vendor.url("/meters"));
      await button.press("Enter");
      await page.getByRole("status").filter({ hasText: /^Fetched, bytes: \d+/ }).waitFor();
      const payload = page.getByLabel("Payload", { exact: true });
      assert.match(await payload.inputValue(), /"meter-7"/);
      // What was made of it by itself, though somebody has written where it comes from.
      const leaf = (key) =>
        page.locator("button.leaf", { has: page.locator(".leaf-key", { hasText: key }) });
      assert.match(await leaf("dB").first().textContent(), /71\.5.*db/);
      assert.equal(await url.inputValue(), vendor.url("/meters"));
      await assertAccessible(tools, page);

      // Fetched once more it is another message, in place of the one before.
      vendor.db = 93;
      await button.click();
      await leaf("dB").first().filter({ hasText: "93" }).waitFor();
      assert.equal(await page.getByRole("button", { name: /^Sample \d/ }).count(), 1);

      await page.getByLabel("Feed id", { exact: true }).fill("fetched-noise");
      const feed = page.getByRole("group", { name: "Feed", exact: true });
      await feed.getByLabel("Name in Chinese", { exact: true }).fill("噪声");
      await feed.getByLabel("Name in English", { exact: true }).fill("Noise");
      await page.getByLabel("Department", { exact: true }).selectOption({ label: "West District" });
      await page.getByLabel("Domain", { exact: true }).fill("environment");
      await page.getByLabel("Asset class", { exact: true }).fill("noise-meter");
      await page.getByLabel("Fetched every", { exact: true }).fill("5s");
      await page.locator(".connect-verdict", { hasText: "Every sample is taken (1/1)" }).waitFor();
      await page.getByRole("button", { name: "Connect", exact: true }).click();
      await page.locator(".connect-done").waitFor({ timeout: FOLD_MS });
      await vendor.wasAskedTimes(3);
    } finally {
      vendor.close();
    }
  });

  test("what cannot be fetched is said in the reader's words", async (tools) => {
    tools.expect(/422/);
    const vendor = await Vendor.open();
    try {
      const { page } = await tools.open("/data/connect?lang=en");
      const url = page.getByLabel("Fetched from", { exact: true });
      const button = page.getByRole("button", { name: "Fetch a sample" });
      const trouble = page.locator(".field", { has: button }).getByRole("alert");
      const elsewhere = vendor.url("/meters").replace("127.0.0.1", "127.0.0.2");
      for (const [asked, words] of [
        [elsewhere, /do not let the server ask there: .*127\.0\.0\.2/],
        ["http://169.254.169.254/", /do not let the server ask there/],
        [vendor.url("/nothing"), /^No good answer: .*404/],
        [vendor.url("/picture"), /cannot be a sample: .*no text/],
      ]) {
        await url.fill(asked);
        await button.click();
        await trouble.filter({ hasText: words }).waitFor();
      }
      assert.equal(await page.getByLabel("Payload", { exact: true }).inputValue(), "");
      await assertAccessible(tools, page);
      const other = await tools.open("/data/connect?lang=zh");
      await other.page.getByLabel("抓取地址", { exact: true }).fill(vendor.url("/nothing"));
      await other.page.getByRole("button", { name: "抓取样例" }).click();
      await other.page.getByRole("alert").filter({ hasText: "没有得到应答" }).waitFor();
      await assertAccessible(tools, other.page);
    } finally {
      vendor.close();
    }
  });
}

/** A vendor's server with its newest values. */
class Vendor {
  db = 71.5;
  #server;
  #nAsked = 0;
  #waiting = [];

  static async open() {
    const vendor = new Vendor();
    vendor.#server = createServer((request, response) => vendor.#answer(request, response));
    await new Promise((resolve) => vendor.#server.listen(0, "127.0.0.1", resolve));
    return vendor;
  }

  url(path) {
    return `http://127.0.0.1:${this.#server.address().port}${path}`;
  }

  /** Resolves once its values were asked for so often. */
  wasAskedTimes(n) {
    return new Promise((resolve) => {
      this.#waiting.push({ n, resolve });
      this.#tell();
    });
  }

  close() {
    this.#server.closeAllConnections();
    this.#server.close();
  }

  #answer(request, response) {
    if (request.url === "/picture") return response.end(Buffer.from([0x89, 0x50, 0xff, 0xfe]));
    if (request.url !== "/meters") return response.writeHead(404).end();
    this.#nAsked += 1;
    this.#tell();
    const where = { x: 118.05, y: 24.45 };
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify({ id: "meter-7", t: Date.now() - 30_000, where, dB: this.db }));
  }

  #tell() {
    for (const { n, resolve } of this.#waiting) if (this.#nAsked >= n) resolve();
  }
}
