// What is read off a page from outside: its memory, its frames, its graphics buffers. The product
// has no hooks for it; scripts that run before its own look over the browser's shoulder.

import { readFileSync } from "node:fs";

/** Runs in the page, before its own scripts: keeps hold of the WebAssembly program. */
export function watchMemory() {
  for (const name of ["instantiate", "instantiateStreaming"]) {
    const original = WebAssembly[name];
    WebAssembly[name] = async (...args) => {
      const made = await original.apply(WebAssembly, args);
      window.benchProgram = (made.instance ?? made).exports;
      return made;
    };
  }
}

/**
 * Runs in the page: counts what lies in graphics memory, by context, from the calls that put it
 * there. `benchGraphics()` gives `{ contexts, buffers, bufferBytes, textures }` of those contexts
 * that are neither lost nor collected: what was in others is gone with them.
 */
export function watchGraphics() {
  const known = new Map();
  // What is lost is kept nowhere: an entry for each map that ever was would be a leak of our own.
  let contexts = 0;
  const of = (gl) => {
    const seen = known.get(gl.benchNumber);
    if (seen) return seen;
    const fresh = { gl: new WeakRef(gl), buffers: new Map(), textures: 0, bound: new Map(), next: 1 };
    contexts += 1;
    gl.benchNumber = contexts;
    known.set(gl.benchNumber, fresh);
    return fresh;
  };
  const prototype = WebGL2RenderingContext.prototype;
  const wrap = (name, after) => {
    const original = prototype[name];
    prototype[name] = function (...args) {
      const result = original.apply(this, args);
      after(of(this), args, result);
      return result;
    };
  };
  const number = (buffer) => buffer.benchNumber;
  wrap("createBuffer", (context, _args, buffer) => {
    if (!buffer) return;
    buffer.benchNumber = context.next;
    context.next += 1;
    context.buffers.set(number(buffer), 0);
  });
  wrap("deleteBuffer", (context, [buffer]) => buffer && context.buffers.delete(number(buffer)));
  wrap("bindBuffer", (context, [target, buffer]) => {
    context.bound.set(target, buffer && number(buffer));
  });
  // An index buffer is bound to the vertex array that is: what is bound before is not known then.
  wrap("bindVertexArray", (context) => context.bound.delete(context.gl.deref()?.ELEMENT_ARRAY_BUFFER));
  wrap("bufferData", (context, [target, data, _usage, _from, length]) => {
    const buffer = context.bound.get(target);
    if (!context.buffers.has(buffer)) return;
    const bytes = typeof data === "number" ? data : length || (data?.byteLength ?? 0);
    context.buffers.set(buffer, bytes);
  });
  wrap("createTexture", (context) => (context.textures += 1));
  wrap("deleteTexture", (context, [texture]) => texture && (context.textures -= 1));
  window.benchGraphics = () => {
    const sum = { contexts: 0, buffers: 0, bufferBytes: 0, textures: 0 };
    for (const [key, context] of known) {
      const gl = context.gl.deref();
      if (!gl || gl.isContextLost()) {
        known.delete(key);
        continue;
      }
      sum.contexts += 1;
      sum.buffers += context.buffers.size;
      for (const bytes of context.buffers.values()) sum.bufferBytes += bytes;
      sum.textures += context.textures;
    }
    return sum;
  };
}

/** Runs in the page: every frame's distance from the one before, in milliseconds. */
export function watchFrames() {
  let gaps = [];
  let last = performance.now();
  const next = (now) => {
    gaps.push(now - last);
    last = now;
    requestAnimationFrame(next);
  };
  requestAnimationFrame(next);
  window.benchGaps = () => {
    const taken = gaps;
    gaps = [];
    return taken;
  };
}

/** The browser's processes that show pages, by their numbers. */
export async function renderers(browser) {
  const cdp = await browser.newBrowserCDPSession();
  const { processInfo } = await cdp.send("SystemInfo.getProcessInfo");
  await cdp.detach();
  return processInfo.filter(({ type }) => type === "renderer").map(({ id }) => id);
}

/** What the main threads of these processes had of a processor so far, in milliseconds: not what
 *  passed while they waited for one, or for the graphics. */
export function mainThreadMs(pids) {
  const ns = (pid) => Number(readFileSync(`/proc/${pid}/task/${pid}/schedstat`, "utf8").split(" ")[0]);
  return pids.reduce((sum, pid) => sum + ns(pid), 0) / 1e6;
}

/** A page's debugger, and what it tells. */
export class Meter {
  #cdp;
  #page;

  constructor(page, cdp) {
    this.#page = page;
    this.#cdp = cdp;
  }

  static async of(page) {
    const cdp = await page.context().newCDPSession(page);
    await cdp.send("Performance.enable");
    return new Meter(page, cdp);
  }

  /** Speaks to the browser's debugger. */
  send(method, parameters) {
    return this.#cdp.send(method, parameters);
  }

  /** The browser's own counters: seconds of main thread (`TaskDuration`), `Nodes`, … */
  async counters() {
    const { metrics } = await this.#cdp.send("Performance.getMetrics");
    return Object.fromEntries(metrics.map(({ name, value }) => [name, value]));
  }

  /** The JavaScript heap by what lies in it, `{ data, code }` in bytes: programs compiled so far, and
   *  everything else. The browser compiles what runs often anew, for hours, and so code grows up to
   *  what there is to compile; only data can leak. Takes a second or two, in which the page stands. */
  async heap() {
    await this.#cdp.send("HeapProfiler.collectGarbage");
    const chunks = [];
    const take = ({ chunk }) => chunks.push(chunk);
    this.#cdp.on("HeapProfiler.addHeapSnapshotChunk", take);
    await this.#cdp.send("HeapProfiler.takeHeapSnapshot", { reportProgress: false });
    this.#cdp.off("HeapProfiler.addHeapSnapshotChunk", take);
    return sizes(JSON.parse(chunks.join("")));
  }

  /** What the page holds, after everything that nobody needs has been collected. */
  async holdings() {
    await this.#cdp.send("HeapProfiler.collectGarbage");
    const counters = await this.counters();
    const inside = await this.#page.evaluate(() => ({
      wasmBytes: window.benchProgram?.memory.buffer.byteLength ?? 0,
      heldBytes: window.benchProgram?.heldBytes() ?? 0,
      graphics: window.benchGraphics?.(),
    }));
    return {
      js_heap_bytes: counters.JSHeapUsedSize,
      wasm_memory_bytes: inside.wasmBytes,
      wasm_held_bytes: inside.heldBytes,
      dom_nodes: counters.Nodes,
      documents: counters.Documents,
      listeners: counters.JSEventListeners,
      gl_contexts: inside.graphics?.contexts,
      gl_buffers: inside.graphics?.buffers,
      gl_buffer_bytes: inside.graphics?.bufferBytes,
      gl_textures: inside.graphics?.textures,
    };
  }
}

/** Sums a heap snapshot: `native` nodes are the browser's own and `synthetic` ones no memory. */
function sizes({ snapshot: { meta }, nodes }) {
  const width = meta.node_fields.length;
  const [type, size] = ["type", "self_size"].map((field) => meta.node_fields.indexOf(field));
  const sum = {};
  for (let at = 0; at < nodes.length; at += width) {
    const kind = meta.node_types[type][nodes[at + type]];
    sum[kind] = (sum[kind] ?? 0) + nodes[at + size];
  }
  const { native: _native, synthetic: _synthetic, code, ...data } = sum;
  return { data: Object.values(data).reduce((all, bytes) => all + bytes, 0), code };
}
