// The demo city's simulator as a process of its own, and how much the server takes of it.
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const REPOSITORY = fileURLToPath(new URL("../../../", import.meta.url));
const BINARY = process.env.EGRET_BIN ?? `${REPOSITORY}target/debug/egret`;

/** The demo city's package. */
export const XIAMEN = `${REPOSITORY}assets/xiamen`;

const running = new Set();
process.on("exit", () => running.forEach((child) => child.kill("SIGKILL")));

/** A simulator that publishes to a server over MQTT. */
export class Simulator {
  #child;
  #said = "";

  /** Starts it: the storm, at `rate` times what the feeds promise, with what else `more` asks for. */
  constructor(server, rate, more = []) {
    const flags = ["--broker", server.broker, "--scenario", "storm", "--rate", String(rate)];
    this.#child = spawn(BINARY, ["simulate", ...flags, ...more], { stdio: ["ignore", "ignore", "pipe"] });
    running.add(this.#child);
    this.#child.once("exit", () => running.delete(this.#child));
    this.#child.stderr.setEncoding("utf8");
    this.#child.stderr.on("data", (text) => (this.#said = (this.#said + text).slice(-4_000)));
  }

  /** Whether it still runs. */
  get isAlive() {
    return running.has(this.#child);
  }

  /** Its last words. */
  get said() {
    return this.#said;
  }

  /** Ends it. */
  async stop() {
    if (!this.isAlive) return;
    const ended = new Promise((resolve) => this.#child.once("exit", resolve));
    this.#child.kill("SIGTERM");
    await ended;
  }
}

/** How many messages the server has taken since its start. */
export async function accepted(server) {
  const text = await (await fetch(server.url("/metrics"))).text();
  const lines = text.split("\n").filter((line) => line.startsWith("egret_messages_accepted_total"));
  return lines.reduce((sum, line) => sum + Number(line.split(" ").pop()), 0);
}

/** Resident memory of a process, in bytes. */
export function residentBytes(pid) {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  return Number(status.match(/^VmRSS:\s+(\d+)/m)?.[1] ?? NaN) * 1_024;
}

/** Processor time of a process so far, user and system, in seconds. */
export function processorSeconds(pid) {
  const words = readFileSync(`/proc/${pid}/stat`, "utf8").split(")").pop().trim().split(/\s+/);
  return (Number(words[11]) + Number(words[12])) / 100;
}

/** Lets time pass. Milliseconds. */
export function pause(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
