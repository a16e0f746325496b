// How a page takes what the server sends, seen from outside: when a frame comes, how long the page
// works on it, and when it is in the picture.

/**
 * Runs in the page, before its own scripts. It stands between the page and its WebSocket,
 * `requestAnimationFrame` and WebGL:
 *
 * - `came` are the moments at which frames of tiles were handed to the page, `handlerMs` is how
 *   long its handler took for them.
 * - A frame is drawn (`drawn`) when its vertex data has gone to the graphics card, in an animation
 *   frame: what follows is the card's time, which a processor plays here.
 * - A frame is in the picture (`delays`) when the browser has composed the first animation frame in which
 *   vertex data went to the graphics card after it came: a task posted in that frame runs after it.
 * - `frames` are animation frames: how long all their callbacks took, and whether data went up.
 *
 * A page that shows frames otherwise calls `benchUpdates.shown(moment)` in the animation frame
 * itself, with the moment at which the newest frame in it had come.
 */
export function watchUpdates() {
  const state = {
    tiles: new Set(),
    messages: 0,
    bytes: 0,
    handlerMs: 0,
    came: [],
    drawn: [],
    delays: [],
    frames: [],
    uploads: 0,
    byUpload: true,
    socket: null,
  };
  window.benchUpdates = state;
  const isTileFrame = (data) => {
    if (typeof data === "string") return data.startsWith('{"type":"delta","channel":"tile/');
    const bytes = new Uint8Array(data, 0, Math.min(7, data.byteLength));
    return bytes[0] === 2 && String.fromCharCode(...bytes.subarray(2, 6)) === "tile";
  };
  const Native = window.WebSocket;
  window.WebSocket = class extends Native {
    constructor(...args) {
      super(...args);
      state.socket = this;
    }

    send(text) {
      const message = JSON.parse(text);
      const tiles = (message.channels ?? []).filter((name) => name.startsWith("tile/"));
      if (message.type === "subscribe") tiles.forEach((tile) => state.tiles.add(tile));
      if (message.type === "unsubscribe") tiles.forEach((tile) => state.tiles.delete(tile));
      super.send(text);
    }

    get onmessage() {
      return super.onmessage;
    }

    set onmessage(handler) {
      super.onmessage = handler && ((event) => {
        const at = performance.now();
        handler.call(this, event);
        if (!isTileFrame(event.data)) return;
        state.handlerMs += performance.now() - at;
        state.messages += 1;
        state.bytes += event.data.byteLength ?? event.data.length;
        state.came.push(at);
      });
    }
  };

  const nativeFrame = window.requestAnimationFrame.bind(window);
  let current = { now: -1, ms: 0, uploaded: false };
  window.requestAnimationFrame = (callback) =>
    nativeFrame((now) => {
      const began = performance.now();
      if (now !== current.now) {
        if (current.now >= 0) state.frames.push(current);
        current = { now, ms: 0, uploaded: false };
      }
      callback(now);
      current.ms += performance.now() - began;
    });

  const composed = new MessageChannel();
  const waiting = [];
  composed.port1.onmessage = () => {
    const now = performance.now();
    for (const at of waiting.splice(0)) state.delays.push(now - at);
  };
  state.shown = (moment) => {
    const n = state.came.findIndex((at) => at > moment);
    const seen = state.came.splice(0, n < 0 ? state.came.length : n);
    if (seen.length === 0) return;
    const now = performance.now();
    state.drawn.push(...seen.map((at) => now - at));
    waiting.push(...seen);
    composed.port2.postMessage(0);
  };
  const prototype = WebGL2RenderingContext.prototype;
  for (const name of ["bufferData", "bufferSubData"]) {
    const original = prototype[name];
    prototype[name] = function (target, ...rest) {
      original.call(this, target, ...rest);
      if (target !== this.ARRAY_BUFFER) return;
      state.uploads += 1;
      current.uploaded = true;
      if (state.byUpload) state.shown(performance.now());
    };
  }

  /** What was seen since it was last asked. */
  state.take = () => {
    const taken = {
      messages: state.messages,
      bytes: state.bytes,
      handlerMs: state.handlerMs,
      uploads: state.uploads,
      drawn: state.drawn.splice(0),
      delays: state.delays.splice(0),
      frames: state.frames.splice(0),
      own: { ...state.own },
    };
    state.messages = state.bytes = state.handlerMs = state.uploads = 0;
    if (state.own) Object.keys(state.own).forEach((key) => (state.own[key] = 0));
    return taken;
  };
}
