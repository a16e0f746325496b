// What the server sends for a screen: compressed ahead, kept for good, and for a wall no more than
// a wall needs.
import assert from "node:assert/strict";
import { get } from "node:http";
import { brotliDecompressSync, gunzipSync } from "node:zlib";

import { Egret } from "../harness/server.mjs";
import { topic } from "../harness/stage.mjs";

/** An answer as it came, with nothing taken out of its wrapping. */
function ask(url, headers = {}) {
  return new Promise((resolve, reject) => {
    const request = get(url, { headers }, (answer) => {
      const parts = [];
      answer.on("data", (part) => parts.push(part));
      answer.on("error", reject);
      answer.on("end", () => {
        const { statusCode: status, headers: told } = answer;
        resolve({ status, headers: told, body: Buffer.concat(parts) });
      });
    });
    request.on("error", reject);
  });
}

/** The addresses that a page names. */
const named = (page) => [...page.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, address]) => address);

export function serving() {
  topic("files of a screen", Egret.tiny, (test) => {
    test("a page is asked for each time and names files that are kept for good", async (tools) => {
      const url = (path) => tools.server.url(path);
      for (const path of ["/desk", "/wall/overview"]) {
        const page = await ask(url(path));
        assert.equal(page.headers["cache-control"], "no-cache");
        const files = named(page.body.toString());
        assert.ok(files.length >= 5, `${path} names ${files}`);
        for (const file of files) {
          assert.match(file, /^\/~[0-9a-f]{16}\//, `${path} names ${file}`);
          const answer = await ask(url(file));
          assert.equal(answer.status, 200, file);
          assert.match(answer.headers["cache-control"], /max-age=31536000, immutable/, file);
        }
      }
      const page = (await ask(url("/desk"))).body.toString();
      const script = named(page).find((file) => file.endsWith("start.mjs"));
      const old = script.replace(/~[0-9a-f]+/, "~0123456789abcdef");
      const answer = await ask(url(old));
      assert.equal(answer.status, 200, "a page of another version still finds its files");
      assert.equal(answer.headers["cache-control"], "no-cache");
    });

    test("what compresses lies there compressed, in what the browser takes", async (tools) => {
      const page = (await ask(tools.server.url("/desk"))).body.toString();
      const wasm = tools.server.url(named(page).find((file) => file.endsWith("_bg.wasm")));
      const plain = await ask(wasm);
      assert.equal(plain.headers["content-encoding"], undefined);
      assert.equal(plain.headers["content-type"], "application/wasm");
      for (const [takes, encoding, open] of [
        ["gzip, br", "br", brotliDecompressSync],
        ["gzip", "gzip", gunzipSync],
      ]) {
        const answer = await ask(wasm, { "accept-encoding": takes });
        assert.equal(answer.headers["content-encoding"], encoding);
        assert.match(answer.headers.vary, /accept-encoding/i);
        assert.ok(answer.body.length * 2 < plain.body.length, `${answer.body.length} bytes`);
        assert.ok(open(answer.body).equals(plain.body), encoding);
        assert.notEqual(answer.headers.etag, plain.headers.etag);
        const known = { "accept-encoding": takes, "if-none-match": answer.headers.etag };
        const again = await ask(wasm, known);
        assert.equal(again.status, 304);
        assert.equal(again.body.length, 0);
      }
    });

    test("a wall loads the wall alone, and the other screens when it is led there", async (tools) => {
      const { page } = await tools.wall();
      const loaded = () =>
        page.evaluate(() =>
          performance.getEntriesByType("resource").map(({ name }) => name.split("/").at(-1)),
        );
      const ofWall = await loaded();
      assert.ok(ofWall.includes("egret-wall_bg.wasm"), `${ofWall}`);
      assert.ok(!ofWall.includes("egret_bg.wasm"), `${ofWall}`);
      await page.click('.tabs a[href="/data"]');
      await page.waitForSelector(".feeds-table");
      await page.waitForFunction(() =>
        performance.getEntriesByType("resource").some(({ name }) => name.endsWith("/egret_bg.wasm")),
      );
      await page.click('.tabs a[href^="/wall/"]');
      await page.waitForSelector(".panel-stat");
      assert.ok((await loaded()).includes("egret_bg.wasm"), "no page is loaded for a wall");
    });
  });
}
