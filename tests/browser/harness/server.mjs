// The real binary: started on free ports, killed, started again, and ended whatever happens.
import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { cityWith } from "./city.mjs";

const REPOSITORY = fileURLToPath(new URL("../../../", import.meta.url));
const BINARY = process.env.EGRET_BIN ?? join(REPOSITORY, "target/debug/egret");
const TINY = join(REPOSITORY, "tests/cities/tiny");

/** How long a start may take: a debug build on a machine that compiles beside it. Milliseconds. */
const START_MS = 30_000;
/** How much of standard error a failed test shows, in lines. */
const LINES_SHOWN = 25;

/** Servers that run now; ended with the test process if nobody did it before. */
const running = new Set();
process.on("exit", () => running.forEach((server) => server.signal("SIGKILL")));

/** A server with its folder and, after the first start, its addresses. */
export class Egret {
  #command;
  #flags;
  #child;
  #said = [];
  #data = mkdtempSync(join(tmpdir(), "egret-browser-"));
  #http = "127.0.0.1:0";
  #mqtt = "127.0.0.1:0";
  #firstCode;

  constructor(command, flags) {
    this.#command = command;
    this.#flags = flags;
  }

  /** A server of the tests' second city, ready. */
  static tiny() {
    return new Egret("serve", ["--city", TINY, "--insecure-open"]).start();
  }

  /** A server of the tests' second city with some of its files changed, ready. */
  static tinyWith(changes) {
    const city = cityWith(TINY, changes);
    return new Egret("serve", ["--city", city, "--insecure-open"]).start();
  }

  /** A server of the tests' second city where people have to sign in, ready. */
  static guarded() {
    return new Egret("serve", ["--city", TINY]).start();
  }

  /** The demo city with its simulator, ready. */
  static demo(...flags) {
    return new Egret("demo", flags).start();
  }

  /** Where a path of the server is. */
  url(path) {
    return `http://${this.#http}${path}`;
  }

  /** Its number, from its last start on. */
  get pid() {
    return this.#child.pid;
  }

  /** The code that makes the first admin, while there is none. */
  get firstCode() {
    return this.#firstCode;
  }

  /** Runs an `egret` command on its folder, beside it; gives what it prints as JSON. */
  command(words, input = "") {
    const done = spawnSync(BINARY, [...words, "--data", this.#data], { input, encoding: "utf8" });
    if (done.status !== 0) throw new Error(`egret ${words.join(" ")}: ${done.stderr}`);
    return done.stdout.trim() === "" ? undefined : JSON.parse(done.stdout.trim());
  }

  /** Starts it anew with these lines as its settings file; `lines` gets its address. */
  async restart(lines = () => "") {
    await this.#end("SIGTERM");
    const path = join(this.#data, "egret.toml");
    writeFileSync(path, lines(this.url("")));
    if (!this.#flags.includes("--config")) this.#flags.push("--config", path);
    return this.start();
  }

  /** Its MQTT endpoint. */
  get broker() {
    return `mqtt://${this.#mqtt}`;
  }

  /** The last lines it wrote to standard error. */
  get stderr() {
    return this.#said.slice(-LINES_SHOWN).join("\n");
  }

  /** Starts it, at the addresses of its first start. Resolves when it says that it is ready. */
  async start() {
    const flags = ["--data", this.#data, "--http", this.#http, "--mqtt", this.#mqtt];
    const child = spawn(BINARY, [this.#command, ...flags, ...this.#flags], {
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.#child = child;
    running.add(this);
    child.once("exit", () => running.delete(this));
    // One that could not be started will not end either.
    child.once("error", () => running.delete(this));
    lines(child.stderr, (line) => {
      this.#said.push(line);
      if (this.#said.length > 4 * LINES_SHOWN) this.#said.splice(0, 3 * LINES_SHOWN);
    });
    await this.#ready(child);
    return this;
  }

  #ready(child) {
    return new Promise((resolve, reject) => {
      const fail = (why) => reject(new Error(`${BINARY}: ${why}\n${this.stderr}`));
      const late = setTimeout(() => fail(`not ready after ${START_MS} ms`), START_MS);
      child.once("error", (error) => fail(error.message));
      child.once("exit", (code, signal) => fail(`ended with ${code ?? signal}`));
      lines(child.stdout, (line) => {
        this.#firstCode = line.match(/with the code (\S+)$/)?.[1] ?? this.#firstCode;
        const ready = line.match(/^egret ready http=(\S+) mqtt=(\S+)$/);
        if (!ready) return;
        clearTimeout(late);
        [, this.#http, this.#mqtt] = ready;
        resolve();
      });
    });
  }

  /** Sends it a signal; returns the moment. */
  signal(name) {
    this.#child.kill(name);
    return Date.now();
  }

  /** Ends it as a power cut does. Resolves with the moment of the signal. */
  async kill() {
    const killedAt = Date.now();
    await this.#end("SIGKILL");
    return killedAt;
  }

  /** Ends it and removes its folder. */
  async close() {
    await this.#end("SIGKILL");
    rmSync(this.#data, { recursive: true, force: true });
  }

  /** Ends every server that still runs, such as one that nobody got because it was never as it
   *  should be: as long as it runs, the test process waits for it. */
  static async closeAll() {
    await Promise.all([...running].map((server) => server.close()));
  }

  async #end(signal) {
    const child = this.#child;
    if (!running.has(this)) return;
    const ended = new Promise((resolve) => child.once("exit", resolve));
    child.kill(signal);
    await ended;
  }
}

function lines(stream, each) {
  let rest = "";
  stream.setEncoding("utf8");
  stream.on("data", (text) => {
    const parts = (rest + text).split("\n");
    rest = parts.pop();
    parts.forEach(each);
  });
}
