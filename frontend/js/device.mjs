// A wall's keys: made by WebCrypto, kept in IndexedDB, never to be read by anyone, this page
// included. What they are used for and which one is valid is decided in Rust (src/device).

const DATABASE = "egret.device";
const STORE = "wall";
const ROW = "self";
const CURVE = { name: "ECDSA", namedCurve: "P-256" };
const SIGNATURE = { name: "ECDSA", hash: "SHA-256" };

/** Whether this browser can be a wall here: WebCrypto needs TLS or a loopback address. */
export function able() {
  return Boolean(globalThis.crypto?.subtle && globalThis.indexedDB);
}

function answer(request) {
  return new Promise((resolve, reject) => {
    request.addEventListener("success", () => resolve(request.result));
    request.addEventListener("error", () => reject(request.error));
  });
}

async function inStore(mode, work) {
  const opening = indexedDB.open(DATABASE, 1);
  opening.addEventListener("upgradeneeded", () => opening.result.createObjectStore(STORE));
  const database = await answer(opening);
  try {
    const transaction = database.transaction(STORE, mode, { durability: "strict" });
    const done = new Promise((resolve, reject) => {
      transaction.addEventListener("complete", resolve);
      transaction.addEventListener("abort", () => reject(transaction.error));
    });
    const result = await answer(work(transaction.objectStore(STORE)));
    await done;
    return result;
  } finally {
    database.close();
  }
}

function base64url(buffer) {
  const text = String.fromCharCode(...new Uint8Array(buffer));
  return btoa(text).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

async function newKey() {
  const { privateKey, publicKey } = await crypto.subtle.generateKey(CURVE, false, ["sign"]);
  const point = await crypto.subtle.exportKey("raw", publicKey);
  return { privateKey, publicKey: base64url(point) };
}

/** What this browser knows of itself as a wall: `{ id, paired, keys }`, the newest key first. */
class Wall {
  #row;

  constructor(row) {
    this.#row = row;
  }

  /** Every change is on the disk before it counts. */
  async #change(changes) {
    const row = { ...this.#row, ...changes };
    await inStore("readwrite", (store) => store.put(row, ROW));
    this.#row = row;
  }

  /** The pairing's id, later the device's; empty before it asked. */
  id() {
    return this.#row.id;
  }

  /** Whether an admin has let it in. */
  paired() {
    return this.#row.paired;
  }

  count() {
    return this.#row.keys.length;
  }

  publicKey(place) {
    return this.#row.keys[place].publicKey;
  }

  /** It has asked to be paired, and this is its id. */
  named(id) {
    return this.#change({ id });
  }

  letIn() {
    return this.#change({ paired: true });
  }

  /** Makes a key and puts it before the others. */
  async addKey() {
    return this.#change({ keys: [await newKey(), ...this.#row.keys] });
  }

  /** Keeps the keys from the first of these places to the second, and no others. */
  keepKeys(from, to) {
    return this.#change({ keys: this.#row.keys.slice(from, to + 1) });
  }

  /** Deletes all of it. */
  forget() {
    return inStore("readwrite", (store) => store.delete(ROW));
  }

  /** Signs a text with the key at this place; ECDSA as WebCrypto writes it, in base64url. */
  async sign(place, text) {
    const { privateKey } = this.#row.keys[place];
    const bytes = new TextEncoder().encode(text);
    return base64url(await crypto.subtle.sign(SIGNATURE, privateKey, bytes));
  }
}

/** This browser's wall, if it is one. */
export async function load() {
  const row = await inStore("readonly", (store) => store.get(ROW));
  return row && new Wall(row);
}

/** Makes this browser a wall with a first key; what it was before is forgotten. */
export async function make() {
  const row = { id: "", paired: false, keys: [await newKey()] };
  await inStore("readwrite", (store) => store.put(row, ROW));
  return new Wall(row);
}
