// What a wall has to ask the browser to look after itself for weeks: what it takes, whether the server
// has other screens, a picture that bridges a reload. When to do what is decided in Rust (src/watch).
import { pictures } from "./map.mjs";

/** Where the picture is kept; `js/afterimage.js` shows it. */
const KEPT = "egret.afterimage";
/** A page that shows less than the one before after this long will not show more. Milliseconds. */
const PATIENCE_MS = 20_000;
/** How long the picture fades. Milliseconds. */
const FADE_MS = 400;

export function heapBytes() {
  return performance.memory?.usedJSHeapSize ?? 0;
}

export function wasmBytes(memory) {
  return memory.buffer.byteLength;
}

export function nodes() {
  return document.getElementsByTagName("*").length;
}

let awake;

/** A browser without wake locks, or one that refuses, has its display kept awake by other means. */
async function wake() {
  if (document.visibilityState !== "visible" || (awake && !awake.released)) return;
  try {
    awake = await navigator.wakeLock?.request("screen");
  } catch {
    awake = undefined;
  }
}

export function stayAwake() {
  document.addEventListener("visibilitychange", wake);
  return void wake();
}

/** Below which folder a page names its files: by the hash of the whole site. */
const FOLDER = /\/~[0-9a-f]+\//;

/** The document of this page, as the server has it now. */
async function page() {
  const answer = await fetch(location.pathname, { cache: "no-cache" });
  if (!answer.ok) throw new Error(`${location.pathname}: ${answer.status}`);
  return answer.text();
}

/** A fingerprint of the server's screens: the document names every file by the hash of all. */
export const site = page;

/** Fetches all of it into the browser's cache; fails unless the server has what its page names. */
export async function fetchAnew() {
  const html = await page();
  const named = [...html.matchAll(/\s(?:href|src)="(\/[^"]+)"/g)].map(([, path]) => path);
  const [folder] = FOLDER.exec(html) ?? ["/"];
  const loaded = performance.getEntriesByType("resource").map(({ name }) => new URL(name));
  const own = loaded.filter(({ origin, pathname }) => {
    return origin === location.origin && FOLDER.test(pathname);
  });
  // What was loaded later, like the map, has the same name below the new folder, if any.
  const later = own.map(({ pathname }) => pathname.replace(FOLDER, folder));
  const fetched = [...new Set([...named, ...later])].map(async (path) => {
    const answer = await fetch(path);
    await answer.arrayBuffer();
    if (named.includes(path) && !answer.ok) throw new Error(`${path}: ${answer.status}`);
  });
  await Promise.all(fetched);
}

/** Keeps what is seen: the document as it stands, maps as pictures. */
export async function keepPicture() {
  const shown = document.querySelector("body > .screen, body > :has(.screen)");
  if (!shown) return;
  const canvases = [...shown.querySelectorAll("canvas")];
  const painted = new Map(await pictures());
  const copy = shown.cloneNode(true);
  [...copy.querySelectorAll("canvas")].forEach((canvas, place) => {
    const picture = painted.get(canvases[place]);
    const image = document.createElement("img");
    image.className = canvas.className;
    image.alt = "";
    if (picture) image.src = picture;
    // What the library set on its canvas by hand. An image that was given a style keeps an empty one
    // in Chromium when it is taken away, and that is markup which the page's policy refuses.
    image.dataset.keptStyle = canvas.style.cssText;
    canvas.replaceWith(image);
  });
  for (const element of [copy, ...copy.querySelectorAll("*")]) {
    element.removeAttribute("id");
    element.removeAttribute("aria-live");
    // The page's policy lets no style come from markup; the scripts of the next page set it.
    if (element.style?.cssText) element.dataset.keptStyle = element.style.cssText;
    element.removeAttribute("style");
  }
  const { scrollX, scrollY } = window;
  const kept = { at: Date.now(), path: location.pathname, scroll: [scrollX, scrollY] };
  sessionStorage.setItem(KEPT, JSON.stringify({ ...kept, html: copy.outerHTML }));
}

/** Whether this page is live, and its map drawn if it has one. */
function showsAsMuch(image) {
  const own = (selector) => {
    return [...document.querySelectorAll(selector)].filter((one) => !image.contains(one));
  };
  if (own(".liveness.live").length === 0 || own(".cell").length === 0) return false;
  if (own(".wall[aria-busy=true]").length > 0) return false;
  return own(".map").length === 0 || own(".map-message").length === 0;
}

export function pictureIsThere() {
  const image = document.querySelector(".afterimage:not(.fades)");
  if (!image) return;
  const since = performance.now();
  const look = () => {
    const isLate = performance.now() - since > PATIENCE_MS;
    if (!isLate && !showsAsMuch(image)) return void setTimeout(look, 100);
    image.classList.add("fades");
    setTimeout(() => image.remove(), FADE_MS);
  };
  look();
}
