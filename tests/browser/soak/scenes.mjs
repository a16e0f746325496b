// The scenes of a wall, and how one gets from one to the next as a person or the rotation does.
import { until } from "../harness/wait.mjs";

/** Where the scenes are. A city with a single one has a scene beside it that there is not, so that
 *  there is something to change to and all panels are made anew. */
export async function scenePaths(server) {
  const { scenes } = await (await fetch(server.url("/api/v1/catalog"))).json();
  const paths = scenes.map((scene) => `/wall/${scene.id}`);
  return paths.length > 1 ? paths : [...paths, "/wall/none"];
}

/** Goes there inside the app, by its own link where the page shows one. */
export async function go(page, path) {
  await page.evaluate((to) => {
    const own = [...document.querySelectorAll("a[href]")];
    const link = own.find((one) => one.getAttribute("href").split("?")[0] === to);
    if (link) {
      link.click();
      return;
    }
    const made = document.createElement("a");
    made.href = to;
    document.body.append(made);
    made.click();
    made.remove();
  }, path);
  await page.waitForURL((url) => url.pathname === path, { timeout: 15_000 });
}

/** Whether what a page shows is current. */
export function isLive(page) {
  return page.evaluate(() => document.querySelector(".liveness.live") !== null);
}

/** A scene that is there whole, as far as one can tell from outside. */
export async function whole(page) {
  await until("the page is live", () => isLive(page), 60_000);
  await page.waitForSelector(".map-message", { state: "detached", timeout: 60_000 });
}
