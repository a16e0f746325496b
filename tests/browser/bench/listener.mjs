// A client that is quick: it hears JSON over a WebSocket and tells when each mark came. By hand,
// because Node's own client is not in every version that runs these programs.
import { randomBytes } from "node:crypto";
import { connect } from "node:net";

/** Follows the metric of marks. `onMark(value, moment)` gets every new one, moments as `Date.now`
 *  has them, with fractions. */
export class Listener {
  #socket;
  #rest = Buffer.alloc(0);

  static async follow(server, metric, onMark) {
    const { hostname, port } = new URL(server.url("/"));
    const listener = new Listener();
    await new Promise((resolve, reject) => {
      const socket = connect(Number(port), hostname);
      listener.#socket = socket;
      socket.setNoDelay(true);
      socket.once("error", reject);
      socket.write(
        `GET /ws?encoding=json HTTP/1.1\r\nHost: ${hostname}:${port}\r\nUpgrade: websocket\r\n` +
          "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n" +
          `Sec-WebSocket-Key: ${randomBytes(16).toString("base64")}\r\n\r\n`,
      );
      let isOpen = false;
      socket.on("data", (bytes) => {
        const now = performance.timeOrigin + performance.now();
        listener.#rest = Buffer.concat([listener.#rest, bytes]);
        if (!isOpen) {
          const end = listener.#rest.indexOf("\r\n\r\n");
          if (end < 0) return;
          const head = listener.#rest.toString("latin1", 0, end);
          if (!head.startsWith("HTTP/1.1 101")) reject(new Error(head));
          listener.#rest = listener.#rest.subarray(end + 4);
          isOpen = true;
          listener.#say({ type: "subscribe", channels: [`metric/${metric}`] });
          resolve();
        }
        for (const text of listener.#texts()) listener.#take(JSON.parse(text), now, onMark);
      });
    });
    return listener;
  }

  close() {
    this.#socket.destroy();
  }

  /** Whole text frames that have come. The server's frames are not masked, and not in parts. */
  *#texts() {
    for (;;) {
      const bytes = this.#rest;
      if (bytes.length < 2) return;
      let [from, length] = [2, bytes[1] & 127];
      if (length === 126 && bytes.length >= 4) [from, length] = [4, bytes.readUInt16BE(2)];
      else if (length === 127 && bytes.length >= 10) {
        [from, length] = [10, Number(bytes.readBigUInt64BE(2))];
      } else if (length > 125) return;
      if (bytes.length < from + length) return;
      this.#rest = bytes.subarray(from + length);
      if ((bytes[0] & 15) === 1) yield bytes.toString("utf8", from, from + length);
    }
  }

  #take(message, now, onMark) {
    if (message.type !== "delta") return;
    const { put = [] } = message.changes.metric ?? {};
    const city = put.filter((point) => point.area === undefined || point.area === "900000");
    for (const { v } of city) if (v !== null && v !== undefined) onMark(v, now);
  }

  #say(message) {
    const text = Buffer.from(JSON.stringify(message));
    const mask = randomBytes(4);
    const masked = text.map((byte, i) => byte ^ mask[i % 4]);
    this.#socket.write(Buffer.concat([Buffer.from([0x81, 0x80 | text.length]), mask, masked]));
  }
}
