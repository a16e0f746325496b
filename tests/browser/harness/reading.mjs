// Whether everything on a wall can be read: nothing cut, nothing over anything else, nothing smaller
// than the style's smallest text. The second function runs in the page.
import { cutTexts } from "./text.mjs";

/** The smallest text of the screens, in units: SMALLEST_UNITS in shared/src/package/scene/reading.rs. */
const SMALLEST_UNITS = 14;

/** What is wrong with a page: `{ cut, over, small, short }`, each a list of words. `short` are texts
 *  that end in an ellipsis, which is no fault, but worth a look. */
export async function faults(page) {
  const cut = await page.evaluate(cutTexts);
  return { cut, ...(await page.evaluate(unreadable, SMALLEST_UNITS)) };
}

/** How much a wall may be read at all: no faults, in one line each. */
export function told({ cut, over, small }) {
  return [
    ...cut.map((text) => `cut: ${text}`),
    ...over.map((text) => `over another: ${text}`),
    ...small.map((text) => `too small: ${text}`),
  ];
}

/** Runs in the page. The map's names and marks move over it, and are its own. */
function unreadable(smallestUnits) {
  const probe = document.createElement("i");
  probe.style.cssText = "position:absolute;visibility:hidden;width:calc(100 * var(--u))";
  document.body.append(probe);
  const unitPx = probe.getBoundingClientRect().width / 100;
  probe.remove();

  const placeOf = (element) => {
    const panel = element.closest(".panel");
    const kind = [...(panel?.classList ?? [])].find((name) => name.startsWith("panel-")) ?? "head";
    return `${[...element.classList].join(".") || element.localName} of ${kind}`;
  };
  const hidden = (style) => style.overflowX !== "visible" || style.overflowY !== "visible";
  /** What is left of a rectangle when every edge around it has cut it. */
  const seen = (element, rect) => {
    let { left, top, right, bottom } = rect;
    for (let edge = element; edge && edge !== document.body; edge = edge.parentElement) {
      if (!hidden(getComputedStyle(edge))) continue;
      const box = edge.getBoundingClientRect();
      left = Math.max(left, box.left);
      top = Math.max(top, box.top);
      right = Math.min(right, box.right);
      bottom = Math.min(bottom, box.bottom);
    }
    return { left, top, right, bottom, width: right - left, height: bottom - top };
  };

  const texts = [];
  const small = new Set();
  const short = new Set();
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const node = walker.currentNode;
    const element = node.parentElement;
    const text = node.data.trim();
    if (!text || element.closest("noscript, script, .unseen, .map, .help")) continue;
    if (!element.checkVisibility({ visibilityProperty: true })) continue;
    const range = document.createRange();
    range.selectNodeContents(node);
    for (const line of range.getClientRects()) {
      const rect = seen(element, line);
      if (rect.width < 2 || rect.height < 0.4 * line.height) continue;
      const style = getComputedStyle(element);
      const sizePx = parseFloat(style.fontSize);
      if (sizePx < smallestUnits * unitPx - 0.2) {
        small.add(`"${text}" at ${(sizePx / unitPx).toFixed(1)} units in ${placeOf(element)}`);
      }
      const clip = element.closest("[style*=ellipsis], *");
      if (style.textOverflow === "ellipsis" && clip.scrollWidth > clip.clientWidth + 1) {
        short.add(`"${text}" in ${placeOf(element)}`);
      }
      // What is drawn of a letter is less high than its line.
      const slack = Math.max(0, (rect.height - sizePx * 0.8) / 2);
      texts.push({
        text,
        element,
        left: rect.left + 1,
        right: rect.right - 1,
        top: rect.top + slack,
        bottom: rect.bottom - slack,
      });
    }
  }
  const over = new Set();
  for (const [place, a] of texts.entries()) {
    for (const b of texts.slice(place + 1)) {
      const width = Math.min(a.right, b.right) - Math.max(a.left, b.left);
      const height = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
      if (width > 2 && height > 2 && a.element !== b.element) {
        over.add(`"${a.text}" and "${b.text}" in ${placeOf(a.element)}`);
      }
    }
  }
  return { over: [...over], small: [...small], short: [...short] };
}
