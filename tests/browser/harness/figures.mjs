// Every number that stands on a page, and whether it stands there with its truth.
import assert from "node:assert/strict";

/** Everything on a wall that holds digits and is no measurement. */
const KNOWN = [
  ".clock", ".date", // The city's time.
  ".liveness .delay", // How old the whole picture is: an age itself.
  ".ticker time", ".warned-twin time", // When something was said, and how long it holds.
  ".ticker-source", ".card-name", ".warned-twin th", // Names and numbers of rules, cases and assets.
  ".case-left", // Time left until a deadline.
  ".ramp-scale", ".heat-scale", // The ends of the colours' scales.
  "[data-not-measured]", // How much history a forecast needs and has.
  ".map-notes", // Licences and versions of the map's makers.
  ".head nav", // Scenes are called by numbers, too: 12345.
  ".help", // Keys.
];

/** Fails on a bare number and on a figure without its truth. */
export async function assertTrue(tools, screen, when) {
  const { bare, figures: found, untrue } = await readFigures(screen);
  assert.deepEqual(bare, [], `bare numbers ${when}`);
  assert.deepEqual(untrue, [], `figures without age or completeness ${when}`);
  // An empty wall has nothing bare either.
  for (const of of ["cases", "event", "assets", "history"]) {
    assert.ok(found.some((figure) => figure.of === of), `no figure of ${of} ${when}`);
  }
  tools.note(`${when}: ${found.length} figures, each with age and completeness`);
}

/** What [`figures`] finds on a wall. */
export async function readFigures({ page }) {
  const catalog = await page.evaluate(async () => {
    window.egretTestsCatalog ??= await (await fetch("/api/v1/catalog")).json();
    return window.egretTestsCatalog;
  });
  return page.evaluate(figures, { known: KNOWN, names: namesIn(catalog) });
}

/** Every text that the catalogue holds. */
function namesIn(value) {
  if (typeof value === "string") return [value];
  return value && typeof value === "object" ? Object.values(value).flatMap(namesIn) : [];
}

/**
 * Runs in the page: walks the whole document. Returns `{ bare, figures, untrue }`:
 * - `bare`: texts with a digit that are within no figure and are nothing else that is known;
 * - `figures`: of every figure that shows a digit `{ of, text, ages, completeness }`;
 * - `untrue`: those of them that lack an age or a completeness.
 *
 * A figure is an element with `data-figure`. Its truth are elements with `data-age` (whole seconds)
 * and `data-completeness` (`41/52`) within it, or within what its `aria-describedby` names.
 *
 * What else may hold digits: `known`, selectors of what is no measurement, and `names`, what the
 * city calls its things ("12345", "Rain, highest 1 h"), word for word.
 */
function figures({ known, names }) {
  const digit = /\p{Nd}/u;
  const isName = new Set(names);
  const describers = (element) =>
    (element.getAttribute("aria-describedby") ?? "").split(/\s+/).filter(Boolean)
      .map((id) => document.getElementById(id)).filter(Boolean);
  const truthOf = (figure) => {
    const described = [...figure.querySelectorAll("[aria-describedby]")].flatMap(describers);
    const places = [figure, ...describers(figure), ...described];
    const values = (name) => places.flatMap((place) =>
      [place, ...place.querySelectorAll(`[${name}]`)]
        .map((one) => one.getAttribute(name)).filter((value) => value !== null));
    return { ages: values("data-age"), completeness: values("data-completeness") };
  };
  const isTrue = ({ ages, completeness }) =>
    ages.length > 0 && ages.every((age) => /^\d+$/.test(age)) &&
    completeness.length > 0 && completeness.every((part) => /^\d+\/(\d+|–)$/.test(part));

  const bare = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const { parentElement, data } = walker.currentNode;
    const text = data.trim();
    if (!digit.test(text) || parentElement.closest("script, style, noscript")) continue;
    if (parentElement.closest("[data-figure], [data-age], [data-completeness]")) continue;
    if (parentElement.closest(known.join())) continue;
    if (isName.has(text)) continue;
    const place = [...parentElement.classList].join(".");
    bare.push(`"${text}" in ${parentElement.localName}.${place}`);
  }
  const found = [...document.querySelectorAll("[data-figure]")]
    .filter((figure) => digit.test(figure.textContent))
    .map((figure) => ({
      of: figure.dataset.figure,
      text: figure.textContent.replace(/\s+/g, " ").trim(),
      ...truthOf(figure),
    }));
  return { bare, figures: found, untrue: found.filter((figure) => !isTrue(figure)) };
}
