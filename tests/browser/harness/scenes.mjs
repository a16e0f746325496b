// The demo city in the storm with cases that are being worked, and its scenes one after the other.
import { Egret } from "./server.mjs";
import { until } from "./wait.mjs";

/** How long the simulated city may take until it has a past, and cases. Milliseconds. */
const CITY_MS = 90_000;

/** How long a scene may take until its past has come. Milliseconds. */
const SCENE_MS = 30_000;

/** Six hours into the storm; some of its cases are given to departments, one is finished, and of one
 *  plan the first steps are ticked. */
export async function storm() {
  const server = await Egret.demo("--storm-at", "6h", "--backfill", "9m");
  const incidents = async () => (await get(server, "/api/v1/incidents?limit=200")).items;
  const ready = async () => {
    const found = await incidents();
    return found.length >= 4 && found;
  };
  const found = await until("the storm has four cases", ready, CITY_MS);
  const order = ["red", "orange", "yellow", "blue", "normal"];
  found.sort((a, b) => order.indexOf(a.level) - order.indexOf(b.level));
  for (const [place, incident] of found.slice(0, 6).entries()) {
    await work(server, incident, place);
  }
  return server;
}

async function work(server, { id, lead }, place) {
  if (!lead) return;
  await act(server, id, { file: { class: "life", level: null, note: "" } }, "duty-1");
  await act(server, id, { dispatch: { lead, support: [], note: "" } }, "duty-1");
  if (place > 3) return;
  await act(server, id, { accept: { department: lead } }, "crew-2");
  if (place === 0) {
    for (const item of [0, 1]) await act(server, id, { tick: { item, done: true } }, "crew-2");
  }
  if (place > 1) await act(server, id, { feedback: { department: lead, text: "pumped dry" } }, "crew-2");
}

/** A step that is refused is told: the pictures would show less than they are meant to. */
async function act(server, id, deed, as) {
  const { version } = await get(server, `/api/v1/incidents/${id}`);
  const command = { id: `${id}-${version}-${Object.keys(deed)}`, version, act: deed, as };
  const answer = await fetch(server.url(`/api/v1/incidents/${id}/commands`), {
    method: "POST",
    headers: { "content-type": "application/json", "x-egret": "1" },
    body: JSON.stringify(command),
  });
  if (!answer.ok) console.error(`${Object.keys(deed)} of ${id}: ${await answer.text()}`);
}

async function get(server, path) {
  return (await fetch(server.url(path))).json();
}

/** The ids of the scenes, in the order of the tabs. */
export async function sceneIds(server) {
  const { scenes } = await get(server, "/api/v1/catalog");
  return scenes.map(({ id }) => id);
}

/** Goes to a scene by its tab, as a wall does: nothing is loaded anew. Waits until it is filled. */
export async function show({ page }, id) {
  await page.evaluate((id) => document.querySelector(`.tabs a[href="/wall/${id}"]`).click(), id);
  await page.waitForFunction((id) => location.pathname === `/wall/${id}`, id);
  await page.waitForSelector(".wall .panel");
  await page.waitForFunction(isFilled, undefined, { timeout: SCENE_MS });
}

/** Runs in the page: nothing is still loading, and the map is drawn. */
function isFilled() {
  const loading = /^(正在读取|Loading|地图载入中|Loading the map)$/;
  const words = [...document.querySelectorAll(".words, .map-message")];
  return !words.some((one) => one.checkVisibility() && loading.test(one.textContent.trim()));
}

/** Speaks `language` in `theme` from now on. */
export async function dress({ page }, language, theme) {
  const tag = language === "zh" ? "zh-CN" : "en";
  if ((await page.getAttribute("html", "lang")) !== tag) await page.keyboard.press("l");
  await page.waitForSelector(`html[lang=${tag}]`);
  if ((await page.getAttribute("html", "data-theme")) !== theme) await page.keyboard.press("t");
  await page.waitForSelector(`html[data-theme=${theme}]`);
}
