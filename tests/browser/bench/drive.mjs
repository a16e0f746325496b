// The vehicles of the map's benchmark, from the side of whoever measures.
import { fork } from "node:child_process";
import { fileURLToPath } from "node:url";

import { until } from "../harness/wait.mjs";
import { say } from "./report.mjs";
import { accepted } from "./simulator.mjs";

/** How long the first report of every vehicle may take. Milliseconds. */
const SEEDED_MS = 180_000;

/** The vehicles, in a process of their own. */
export class Fleet {
  #child;

  /** Starts `n` of them in `box`, of which `perS` report in a second; resolves when all have been
   *  taken. */
  static async start(server, box, n, perS) {
    const { hostname, port } = new URL(server.broker.replace("mqtt:", "http:"));
    const program = fileURLToPath(new URL("fleet.mjs", import.meta.url));
    const fleet = new Fleet();
    fleet.#child = fork(program, [hostname, port, String(n), String(perS), box.join()]);
    process.once("exit", () => fleet.#child.kill());
    let last = 0;
    await new Promise((resolve, reject) => {
      fleet.#child.once("exit", (code) => reject(new Error(`the fleet ended with ${code}`)));
      fleet.#child.on("message", ({ seeded, behind }) => {
        if (seeded) resolve();
        if (behind > last) say(`the server did not take ${behind} messages in time`);
        last = behind ?? last;
      });
    });
    await until("every asset is taken", async () => (await accepted(server)) >= n, SEEDED_MS);
    return fleet;
  }

  /** Has them drive, or stand. */
  drive(drive) {
    this.#child.send({ drive });
  }

  close() {
    this.#child.kill();
  }
}
