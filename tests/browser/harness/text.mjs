// What stands on a page to be read, and what of it is cut off: `texts` and `cutTexts` run in the page.
import assert from "node:assert/strict";

/**
 * Every text that is shown or read out: `{ text, place, foreign }`. `foreign` is text that says
 * or shows that it is in the other language: an element with a `lang` of its own, or the second
 * line of a bilingual heading.
 */
export function texts() {
  const language = document.documentElement.lang;
  const placeOf = (element) => {
    const classes = [...element.classList].join(".");
    return element.localName + (classes && `.${classes}`);
  };
  const isForeign = (element) =>
    element.closest("[lang]").lang !== language || element.closest(".other, small") !== null;
  const found = [];
  const add = (element, text) => {
    if (!text?.trim()) return;
    found.push({ text: text.trim(), place: placeOf(element), foreign: isForeign(element) });
  };
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    const isShown = element.checkVisibility({ visibilityProperty: true });
    if (isShown && !element.closest("noscript, script")) add(element, walker.currentNode.data);
  }
  for (const element of document.querySelectorAll("[aria-label], [title], [alt]")) {
    ["aria-label", "title", "alt"].forEach((name) => add(element, element.getAttribute(name)));
  }
  return found;
}

/**
 * Texts that an edge cuts: partly inside and partly outside the nearest ancestor that hides what
 * overflows. Text that ends in an ellipsis, and rows that are wrapped out of sight as a whole,
 * are as intended.
 */
export function cutTexts() {
  const toleratedPx = 2;
  const hides = (style) => style.overflowX !== "visible" || style.overflowY !== "visible";
  const scrolls = (style) => /auto|scroll/.test(style.overflowX + style.overflowY);
  const found = [];
  const look = (node, range) => {
    const shown = node.parentElement;
    if (!shown.checkVisibility({ visibilityProperty: true })) return;
    const text = range.getBoundingClientRect();
    if (text.width === 0) return;
    // The line box is taller than what is drawn of a letter.
    const slackPx = 0.2 * text.height;
    for (let edge = shown; edge !== document.body; edge = edge.parentElement) {
      const style = getComputedStyle(edge);
      if (!hides(style)) continue;
      if (edge.classList.contains("unseen") || scrolls(style)) return;
      const box = edge.getBoundingClientRect();
      const isOut =
        text.left >= box.right - 1 || text.right <= box.left + 1 ||
        text.top >= box.bottom - slackPx || text.bottom <= box.top + slackPx;
      if (isOut) return;
      const isShort = style.textOverflow === "ellipsis";
      const cutPx = {
        right: isShort ? 0 : text.right - box.right,
        left: box.left - text.left,
        bottom: text.bottom - box.bottom - slackPx,
        top: box.top - text.top - slackPx,
      };
      const cuts = Object.entries(cutPx).filter(([, px]) => px > toleratedPx);
      if (cuts.length > 0) {
        const classes = (element) => `${element.localName}.${[...element.classList].join(".")}`;
        const how = cuts.map(([side, px]) => `${px.toFixed(0)} px at the ${side}`).join(", ");
        found.push(`"${node.data.trim()}" in ${classes(shown)}: ${how} of ${classes(edge)}`);
        return;
      }
      if (isShort) return;
    }
  };
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    if (!walker.currentNode.data.trim()) continue;
    const range = document.createRange();
    range.selectNodeContents(walker.currentNode);
    look(walker.currentNode, range);
  }
  return found;
}

/** Fails where a text is cut, or the page wider than the screen. */
export async function assertFits(screen) {
  await screen.settled();
  assert.deepEqual(await screen.page.evaluate(cutTexts), []);
  const beyond = await screen.page.evaluate(() =>
    document.documentElement.scrollWidth - document.documentElement.clientWidth);
  assert.equal(beyond, 0, "the page is wider than the screen");
}
