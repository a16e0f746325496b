// A server's next version, as a browser sees it: what stands between them gives the same screens under
// another hash from some moment on. The browser talks to one origin all the while.
import { createServer, request } from "node:http";
import { connect } from "node:net";

/** Under which folder a page names its files: by the hash of the whole site. */
const FOLDER = /\/~([0-9a-f]+)\//g;

/** Stands before a server, and serves its screens as they are or as of a later edition. */
export class Edition {
  #front;
  #port;
  #number = 0;

  /** Stands before `server`, wherever that is; on a free port. */
  static async before(server) {
    const edition = new Edition();
    edition.#port = new URL(server.url("/")).port;
    edition.#front = createServer((asked, answer) => edition.#serve(asked, answer));
    edition.#front.on("upgrade", (asked, socket, head) => edition.#join(asked, socket, head));
    await new Promise((resolve) => edition.#front.listen(0, "127.0.0.1", resolve));
    return edition;
  }

  /** Where a path of the server is, through it. */
  url(path) {
    return `http://127.0.0.1:${this.#front.address().port}${path}`;
  }

  /** From now on it is the next one. */
  next() {
    this.#number += 1;
  }

  close() {
    this.#front.closeAllConnections();
    this.#front.close();
  }

  #serve(asked, answer) {
    const mark = this.#mark;
    const path = mark ? asked.url.replace(FOLDER, (folder, hash) => unmarked(folder, hash, mark)) : asked.url;
    // Pages are read on the way, so they come as they are.
    const headers = { ...asked.headers, "accept-encoding": "identity" };
    const options = { host: "127.0.0.1", port: this.#port, path, method: asked.method, headers };
    const onward = request(options, (came) => {
      const isPage = came.headers["content-type"]?.startsWith("text/html");
      if (!isPage) {
        answer.writeHead(came.statusCode, came.headers);
        came.pipe(answer);
        return;
      }
      const parts = [];
      came.on("data", (part) => parts.push(part));
      came.on("end", () => {
        const html = Buffer.concat(parts).toString();
        const marked = html.replace(FOLDER, (_, hash) => `/~${hash}${mark}/`);
        const { "content-length": _length, etag: _etag, ...kept } = came.headers;
        answer.writeHead(came.statusCode, kept);
        answer.end(marked);
      });
    });
    onward.on("error", () => answer.destroy());
    asked.pipe(onward);
  }

  /** What its hashes end with. */
  get #mark() {
    return this.#number === 0 ? "" : `0e${this.#number}`;
  }

  #join(asked, socket, head) {
    const far = connect(this.#port, "127.0.0.1", () => {
      const lines = [`${asked.method} ${asked.url} HTTP/1.1`];
      for (let i = 0; i < asked.rawHeaders.length; i += 2) {
        lines.push(`${asked.rawHeaders[i]}: ${asked.rawHeaders[i + 1]}`);
      }
      far.write(`${lines.join("\r\n")}\r\n\r\n`);
      far.write(head);
      far.pipe(socket);
      socket.pipe(far);
    });
    for (const [one, other] of [[socket, far], [far, socket]]) {
      one.on("error", () => {});
      one.on("close", () => other.destroy());
    }
  }
}

/** The folder as the server knows it; a page of another edition gets what there is now. */
function unmarked(folder, hash, mark) {
  return hash.endsWith(mark) ? `/~${hash.slice(0, -mark.length)}/` : folder;
}
