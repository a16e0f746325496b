// A cable between a page and its server that can be cut, and made narrow.
import { connect, createServer } from "node:net";

/** What is read at a time. Bytes: a narrow cable passes it on at once and waits afterwards. */
const CHUNK_BYTES = 4_096;

/** Passes connections on to a port of this machine until they are cut. */
export class Cable {
  #server;
  #open = new Set();
  /** Bytes a second that pass from the server on all connections together. */
  #width = Infinity;
  #credit = 0;
  #waiting = [];

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

  /** Lets so many bytes a second through from the server. What does not pass is not read: the
   *  server finds the connection full, as with a network that is too slow. Before that, the
   *  kernel takes some 64 kB in advance. */
  narrow(bytesPerSecond) {
    this.#width = bytesPerSecond;
    this.#credit = 0;
    clearInterval(this.#clock);
    const turnMs = 20;
    this.#clock = setInterval(() => this.#turn(turnMs), turnMs);
  }

  #clock;

  #turn(ms) {
    this.#credit = Math.min(this.#credit + (this.#width * ms) / 1_000, CHUNK_BYTES);
    while (this.#credit > 0 && this.#waiting.length > 0) this.#waiting.shift()();
  }

  close() {
    clearInterval(this.#clock);
    this.cut();
    this.#server.close();
  }

  #pass(near, port) {
    const far = connect({
      port,
      host: "127.0.0.1",
      onread: { buffer: Buffer.alloc(CHUNK_BYTES), callback: (n, chunk) => this.#bring(n, chunk, far, near) },
    });
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
    near.pipe(far);
    far.on("end", () => near.end());
  }

  /** Passes on what came, and says whether more may. */
  #bring(n, chunk, far, near) {
    const goesOn = near.write(Buffer.from(chunk.subarray(0, n)));
    this.#credit -= n;
    if (this.#width === Infinity && goesOn) return true;
    const wake = () => far.resume();
    if (this.#width === Infinity) near.once("drain", wake);
    else this.#waiting.push(wake);
    return false;
  }
}
