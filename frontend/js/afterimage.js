// Shows the picture that the page before this one has kept, before anything else is painted. No module,
// for a module would wait for others; and in the head, for a browser that waits for a script within the
// body paints what stands before it. `js/watch.mjs` keeps the picture and takes it away.
(() => {
  const KEPT = "egret.afterimage";
  /** A picture that is older tells of a reload that did not come. Milliseconds. */
  const OLDEST_MS = 60_000;
  /** A page that does not start at all must not look as if it had. Milliseconds. */
  const LONGEST_MS = 30_000;
  let kept;
  try {
    kept = JSON.parse(sessionStorage.getItem(KEPT));
    sessionStorage.removeItem(KEPT);
  } catch {
    return;
  }
  if (!kept || Date.now() - kept.at > OLDEST_MS) return;
  const image = document.createElement("div");
  image.className = "afterimage";
  image.inert = true;
  image.setAttribute("aria-hidden", "true");
  image.innerHTML = kept.html;
  for (const element of image.querySelectorAll("[data-kept-style]")) {
    element.style.cssText = element.dataset.keptStyle;
    delete element.dataset.keptStyle;
  }
  // The body comes after the head, and what it begins with is painted no sooner than this is heard.
  const body = new MutationObserver(() => {
    if (!document.body) return;
    body.disconnect();
    document.body.append(image);
    setTimeout(() => image.remove(), LONGEST_MS);
  });
  body.observe(document.documentElement, { childList: true });
})();
