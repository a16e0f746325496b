// A cable between a page and its server that can be cut.
import { connect, createServer } from "node:net";

/** Passes connections on to a port of this machine until they are cut. */
export class Cable {
  #server;
  #open = new Set();

  /** Lies between a free port and `port`. */
  static async to(port) {
    const cable = new Cable();
    cable.#server = createServer((near) => cable.#pass(near, port));
    await new Promise((resolve) => cable.#server.listen(0, "127.0.0.1", resolve));
    return cable;
  }

  /** Where a path of the server is, through it. */
  url(path) {
    return `http://127.0.0.1:${this.#server.address().port}${path}`;
  }

  /** Cuts every connection; new ones pass. Returns how many there were. */
  cut() {
    const { size } = this.#open;
    for (const socket of this.#open) socket.destroy();
    return size;
  }

  close() {
    this.cut();
    this.#server.close();
  }

  #pass(near, port) {
    const far = connect(port, "127.0.0.1");
    for (const socket of [near, far]) {
      socket.setNoDelay(true);
      this.#open.add(socket);
      socket.on("error", () => {});
      socket.on("close", () => {
        this.#open.delete(socket);
        near.destroy();
        far.destroy();
      });
    }
    near.pipe(far).pipe(near);
  }
}
