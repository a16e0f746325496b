// The issuer of single sign-on as a process of its own, as a city has it.
import { spawn } from "node:child_process";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const PROGRAM = fileURLToPath(new URL("./issuer.mjs", import.meta.url));
/** How long a start may take: it makes a key of 2,048 bits. Milliseconds. */
const START_MS = 20_000;

export class Issuer {
  #child;

  constructor(child, url) {
    this.#child = child;
    this.url = url;
  }

  /** An issuer that sends browsers back to `redirect` and knows these people. */
  static start(redirect, claims) {
    const child = spawn(process.execPath, [PROGRAM, "--port", "0", "--redirect", redirect], {
      env: { ...process.env, EGRET_ISSUER_CLAIMS: JSON.stringify(claims) },
      stdio: ["ignore", "pipe", "inherit"],
    });
    process.once("exit", () => child.kill("SIGKILL"));
    return new Promise((resolve, reject) => {
      const late = setTimeout(() => reject(new Error("the issuer does not start")), START_MS);
      child.once("exit", (code) => reject(new Error(`the issuer ended with ${code}`)));
      child.stdout.setEncoding("utf8");
      child.stdout.on("data", (text) => {
        const ready = text.match(/issuer ready (\S+)/);
        if (!ready) return;
        clearTimeout(late);
        resolve(new Issuer(child, ready[1]));
      });
    });
  }

  /** A file with the secret of the issuer's one client. */
  static secretFile() {
    const path = join(mkdtempSync(join(tmpdir(), "egret-secret-")), "secret");
    writeFileSync(path, "egret-secret\n");
    return path;
  }

  async close() {
    const ended = new Promise((resolve) => this.#child.once("exit", resolve));
    this.#child.kill("SIGTERM");
    await ended;
  }
}
