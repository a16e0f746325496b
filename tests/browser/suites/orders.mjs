// Orders to actuators: given by the keyboard alone, looked at once more, followed to the device's
// answer; what is refused, what expires, what a rule orders, and who sees what, in both languages.
import assert from "node:assert/strict";

import { assertAccessible } from "../harness/accessible.mjs";
import { Actuator } from "../harness/actuator.mjs";
import { FULL_HD } from "../harness/browser.mjs";
import { Gateway } from "../harness/gateway.mjs";
import { account, fillSignIn, grant, signedIn } from "../harness/people.mjs";
import { Egret } from "../harness/server.mjs";
import { topic } from "../harness/stage.mjs";
import { assertFits } from "../harness/text.mjs";
import { until } from "../harness/wait.mjs";

const COMMANDS = "vendor-x/+/command";
const replyOf = (command) => command.replace(/command$/, "answer");

/** What Chromium says about the answer that asks to look once more, and about a broken line. */
const ASKED_TWICE = [/^status 409: /, /Failed to load resource: .* 409/];
const LINE_BROKEN = [/request failed: .*commands/, /Failed to load resource: net::ERR_FAILED/];

/** No order may take longer than this to be answered. Long enough for a slow machine, and short
 *  enough to be waited for. */
const EXPIRES = "8s";

const WORDS = {
  zh: {
    give: "下达指令", light: "警示灯", zero: "归零", goOn: "下一步", send: "确认下达", cancel: "取消",
    change: "返回修改",
    on: "开", pace: "闪烁频率 (/min)", mode: "方式", why: "理由", range: "10–120",
    reason: "下穿通道积水", acknowledged: "已确认", refused: "已拒绝", expired: "已失效",
    late: "迟到的应答", rule: "规则自动下达 · 道路积水", notYours: "您无权在此下达", none: "没有这个部件",
    open: "部件与指令", orders: "设备指令",
  },
  en: {
    give: "Give an order", light: "Warning light", zero: "Set to zero", goOn: "Go on",
    send: "Send the order", cancel: "Cancel", change: "Change it", on: "On", pace: "Blinks (/min)", mode: "Mode",
    why: "Why", range: "10–120", reason: "the underpass is flooded",
    acknowledged: "Acknowledged", refused: "Refused", expired: "Expired",
    late: "answered too late", rule: "ordered by a rule · Road ponding",
    notYours: "Not yours to give here", none: "There is no such asset",
    open: "Asset and orders", orders: "Orders",
  },
};

export function orders() {
  const soon = (text) => text.replace(/expires\s*= "2m"/, `expires = "${EXPIRES}"`);
  topic("orders to actuators", () => Egret.tinyWith({ "feeds.toml": soon }), define);
  topic("orders where people sign in", staffed, defineGuarded, { hasGateway: false });
}

function define(test) {
  for (const language of ["zh", "en"]) {
    test(`an order is given by the keyboard and followed to its answer (${language})`,
      (tools) => wholeLife(tools, language));
  }
  test("a form whose order is on its way does not go before what came of it is here", heldOpen);
  test("an order whose answer was lost is not given twice", lostAnswer);
  test("an order that was confirmed and lost is not given twice, looked at again", lostConfirmed);
  test("an order that was lost is not given twice, whatever was written in between", lostAndOther);
  test("an incident's evidence leads to the asset, and a rule's order is told as the rule's", byRule);
  test("an asset that is not there says so, and one that takes no orders shows none", nothingThere);
}

/** A gauge becomes known. */
async function tell(gateway, gauge, depthMm, minutesAgo = 0) {
  const ts = Date.now() - 60_000 * minutesAgo;
  const gps = { lng: 118.05, lat: 24.45 };
  const reading = { msgId: `${gauge}-${ts}`, ts, gps, depth_mm: depthMm };
  await gateway.publish(`vendor-x/${gauge}/telemetry`, JSON.stringify(reading));
}

/** Presses Tab until the element that `locator` names has the focus. */
async function tabTo(page, locator, keys = 60) {
  const isThere = () => locator.evaluate((one) => one === document.activeElement);
  await locator.waitFor();
  for (let n = 0; n < keys; n += 1) {
    if (await isThere()) return;
    await page.keyboard.press("Tab");
  }
  throw new Error(`${locator} is not reached by ${keys} tabs`);
}

async function press(page, locator, key = "Enter") {
  await tabTo(page, locator);
  await page.keyboard.press(key);
}

async function wholeLife(tools, language) {
  tools.expect(...ASKED_TWICE);
  const words = WORDS[language];
  const gauge = `G-${language}`;
  await tell(tools.gateway, gauge, 3);
  let said = () => ({});
  const actuator = await Actuator.connect(tools.server, COMMANDS, replyOf, (order) => said(order));

  // The desk leads to the asset.
  const screen = await tools.open(`/desk?tab=orders&lang=${language}`, { viewport: FULL_HD });
  const { page } = screen;
  const feed = page.locator(".duty-orders .filters select").nth(0);
  await press(page, feed, "ArrowDown");
  const asset = page.locator(".duty-orders .filters select").nth(1);
  await asset.locator("option", { hasText: gauge }).waitFor({ state: "attached" });
  await tabTo(page, asset);
  for (let left = await asset.locator("option").count(); left > 0; left -= 1) {
    if ((await asset.inputValue()) === gauge) break;
    await page.keyboard.press("ArrowDown");
  }
  assert.equal(await asset.inputValue(), gauge);
  await press(page, page.getByRole("link", { name: words.give }));
  await page.waitForURL(new RegExp(`/asset/road/${gauge}`));

  // What cannot be is said beside its field, which gets the focus.
  const dialog = page.locator("dialog");
  await write(page, words, { pace: "500" });
  await press(page, dialog.getByRole("button", { name: words.goOn, exact: true }));
  const pace = dialog.getByLabel(words.pace);
  await dialog.locator(".field-fault", { hasText: words.range }).waitFor();
  assert.ok(await pace.evaluate((one) => one === document.activeElement));
  assert.equal(await pace.getAttribute("aria-invalid"), "true");
  await assertAccessible(tools, page);
  await assertFits(screen);
  await page.keyboard.press("Control+A");
  await page.keyboard.type("60");
  await press(page, dialog.getByRole("button", { name: words.goOn, exact: true }));

  // Looked at once more: what will be sent, and no key sends it that was meant for the first step.
  const check = dialog.locator(".order-check");
  await check.waitFor();
  await page.waitForFunction(() => document.activeElement?.classList.contains("order-check"));
  for (const part of [words.light, gauge, "60", words.reason, `vendor-x/${gauge}/command`]) {
    assert.ok((await check.textContent()).includes(part), part);
  }
  await page.keyboard.press("Enter");
  assert.equal(actuator.orders.length, 0);
  await assertAccessible(tools, page);
  await assertFits(screen);
  await screen.picture(`order-check-${language}`);
  await press(page, dialog.getByRole("button", { name: words.send, exact: true }));
  await dialog.waitFor({ state: "detached" });
  await newest(page, words.acknowledged);
  await page.locator(".order-given", { hasText: words.acknowledged }).waitFor();
  assert.equal(actuator.orders.length, 1);
  assert.equal(actuator.orders[0].order.blinks_per_min, 60);

  // What the device refuses, in its own words.
  said = () => ({ fault: "lamp broken" });
  await order(page, words);
  await newest(page, words.refused);
  await page.locator("tbody tr").first().locator("q", { hasText: "lamp broken" }).waitFor();

  // What nothing is heard of expires, and an answer that comes later changes nothing.
  said = () => undefined;
  await order(page, words);
  await newest(page, words.expired);
  await actuator.reply(`vendor-x/${gauge}/answer`, { cmd: actuator.orders.at(-1).order.cmd });
  await page.locator("tbody tr").first().getByText(words.late).waitFor();
  await newest(page, words.expired);
  await assertAccessible(tools, page);
  await assertFits(screen);
  await screen.picture(`orders-asset-dark-${language}`);
  await page.locator(".theme-key").press("Enter");
  await assertAccessible(tools, page);
  await screen.picture(`orders-asset-light-${language}`);

  // All of them at the desk, and one state of them.
  await page.goto(tools.server.url(`/desk?tab=orders&feed=road&asset=${gauge}&lang=${language}`));
  await page.waitForFunction(() => document.querySelectorAll(".duty-orders tbody tr").length === 3);
  await assertAccessible(tools, page);
  await assertFits(screen);
  await screen.picture(`orders-desk-light-${language}`);
  await page.locator(".duty-orders .filters select").nth(2).selectOption("refused");
  await page.waitForFunction(() => document.querySelectorAll(".duty-orders tbody tr").length === 1);
  assert.match(page.url(), /order=refused/);
  await actuator.close();
}

/** Opens the form and fills it, by the keyboard. */
async function write(page, words, { pace = "60" } = {}) {
  const offer = page.locator(".offers li", { hasText: words.light });
  await press(page, offer.getByRole("button"));
  const dialog = page.locator("dialog");
  await press(page, dialog.getByLabel(words.on, { exact: true }), "Space");
  await tabTo(page, dialog.getByLabel(words.mode));
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("ArrowDown");
  await tabTo(page, dialog.getByLabel(words.pace));
  await page.keyboard.type(pace);
  await tabTo(page, dialog.getByLabel(words.why));
  await page.keyboard.type(words.reason);
}

/** Gives an order that the device is asked for twice. */
async function order(page, words) {
  await write(page, words);
  const dialog = page.locator("dialog");
  await press(page, dialog.getByRole("button", { name: words.goOn, exact: true }));
  await dialog.locator(".order-check").waitFor();
  await press(page, dialog.getByRole("button", { name: words.send, exact: true }));
  await dialog.waitFor({ state: "detached" });
}

/** Waits until the newest order stands so. */
async function newest(page, state) {
  await page.locator("tbody tr").first().locator(".order-state", { hasText: state })
    .waitFor({ timeout: 30_000 });
}

async function ordersTo(server, gauge) {
  const answer = await fetch(server.url(`/api/v1/commands?feed=road&asset=${gauge}`));
  return (await answer.json()).items;
}

/** Loses the answer to the `nth` order that the page gives, which the server has heard; gives the keys
 *  of all, as they come. */
async function losing(page, nth) {
  const keys = [];
  await page.route("**/api/v1/commands", async (route) => {
    keys.push(route.request().headers()["idempotency-key"]);
    if (keys.length !== nth) return route.continue();
    await route.fetch();
    return route.abort();
  });
  return keys;
}

/** Holds the orders back that the page gives, until `goOn`. */
async function holding(page) {
  const held = { asked: 0, goOn: undefined };
  const isLetGo = new Promise((resolve) => (held.goOn = resolve));
  await page.route("**/api/v1/commands", async (route) => {
    held.asked += 1;
    await isLetGo;
    await route.continue();
  });
  return held;
}

async function heldOpen(tools) {
  const words = WORDS.en;
  await tell(tools.gateway, "G-held", 3);
  const { page } = await tools.open("/asset/road/G-held?lang=en", { viewport: FULL_HD });
  const offer = page.locator(".offers li", { hasText: words.zero });
  await press(page, offer.getByRole("button"));
  const dialog = page.locator("dialog");
  await tabTo(page, dialog.getByLabel(words.why));
  await page.keyboard.type("after cleaning");
  const held = await holding(page);
  await press(page, dialog.getByRole("button", { name: words.send, exact: true }));
  await until("the order is on its way", () => held.asked === 1);
  // The second a browser takes for a wish that no page may refuse.
  await page.keyboard.press("Escape");
  await page.keyboard.press("Escape");
  await page.evaluate(frames, 3);
  await page.waitForFunction(() => document.querySelector("dialog")?.matches(":modal"));
  assert.equal((await ordersTo(tools.server, "G-held")).length, 0);
  held.goOn();
  await dialog.waitFor({ state: "detached" });
  await page.locator(".order-given", { hasText: words.zero }).waitFor();
  assert.equal(held.asked, 1);
  assert.equal((await ordersTo(tools.server, "G-held")).length, 1);
}

/** Runs in the page: resolves after so many frames. */
function frames(n) {
  return new Promise((resolve) => {
    const next = (left) => (left > 0 ? requestAnimationFrame(() => next(left - 1)) : resolve(true));
    next(n);
  });
}

async function lostAnswer(tools) {
  tools.expect(...ASKED_TWICE, ...LINE_BROKEN);
  const words = WORDS.en;
  await tell(tools.gateway, "G-lost", 3);
  const { page } = await tools.open("/asset/road/G-lost?lang=en", { viewport: FULL_HD });
  const offer = page.locator(".offers li", { hasText: words.zero });
  await press(page, offer.getByRole("button"));
  const dialog = page.locator("dialog");
  await tabTo(page, dialog.getByLabel(words.why));
  await page.keyboard.type("after cleaning");
  // The server hears it, and its answer does not come back.
  const keys = await losing(page, 1);
  const send = dialog.getByRole("button", { name: words.send, exact: true });
  await press(page, send);
  await dialog.getByText("Nobody knows whether it was given").waitFor();
  assert.equal((await ordersTo(tools.server, "G-lost")).length, 1);
  await press(page, send);
  await dialog.waitFor({ state: "detached" });
  assert.equal(keys.length, 2);
  assert.equal(keys[0], keys[1]);
  assert.equal((await ordersTo(tools.server, "G-lost")).length, 1);
}

async function lostConfirmed(tools) {
  tools.expect(...ASKED_TWICE, ...LINE_BROKEN);
  const words = WORDS.en;
  await tell(tools.gateway, "G-twice", 3);
  const { page } = await tools.open("/asset/road/G-twice?lang=en", { viewport: FULL_HD });
  await write(page, words);
  const dialog = page.locator("dialog");
  const goOn = dialog.getByRole("button", { name: words.goOn, exact: true });
  // The first asks, the second confirms: that is obeyed, and its answer does not come back.
  const keys = await losing(page, 2);
  await press(page, goOn);
  await dialog.locator(".order-check").waitFor();
  await press(page, dialog.getByRole("button", { name: words.send, exact: true }));
  await dialog.getByText("Nobody knows whether it was given").waitFor();
  // Back to the fields, where the first has the focus; other words for why make no other order.
  await press(page, dialog.getByRole("button", { name: words.change, exact: true }));
  await page.waitForFunction(() => document.activeElement?.closest("dialog form .field"));
  await tabTo(page, dialog.getByLabel(words.why));
  await page.keyboard.type(" again");
  await press(page, goOn);
  await dialog.waitFor({ state: "detached" });
  assert.deepEqual(keys, [keys[0], keys[0], keys[0]]);
  assert.equal((await ordersTo(tools.server, "G-twice")).length, 1);
}

async function lostAndOther(tools) {
  tools.expect(...ASKED_TWICE, ...LINE_BROKEN);
  const words = WORDS.en;
  await tell(tools.gateway, "G-other", 3);
  const { page } = await tools.open("/asset/road/G-other?lang=en", { viewport: FULL_HD });
  await write(page, words);
  const dialog = page.locator("dialog");
  const button = (name) => dialog.getByRole("button", { name, exact: true });
  const keys = await losing(page, 2);
  await press(page, button(words.goOn));
  await dialog.locator(".order-check").waitFor();
  await press(page, button(words.send));
  await dialog.getByText("Sent again, it is not given twice").waitFor();
  // Something else is another order, and does not make the first a certain one.
  await press(page, button(words.change));
  await page.waitForFunction(() => document.activeElement?.closest("dialog form .field"));
  await dialog.getByLabel(words.pace).fill("70");
  await press(page, button(words.goOn));
  await dialog.locator(".order-check", { hasText: "70" }).waitFor();
  await dialog.getByText("This says something else").waitFor();
  await press(page, button(words.change));
  await press(page, button(words.cancel));
  await dialog.waitFor({ state: "detached" });
  // A form with nothing in it says nothing else, and only that there was an earlier one.
  await press(page, page.locator(".offers li", { hasText: words.light }).getByRole("button"));
  await dialog.getByText("Nobody knows whether an earlier order was given").waitFor();
  assert.equal(await dialog.getByText("This says something else").count(), 0);
  await press(page, button(words.cancel));
  await dialog.waitFor({ state: "detached" });
  await write(page, words);
  await dialog.getByText("Sent again, it is not given twice").waitFor();
  await press(page, button(words.goOn));
  await dialog.waitFor({ state: "detached" });
  assert.deepEqual(keys, [keys[0], keys[0], keys[2], keys[0]]);
  assert.notEqual(keys[2], keys[0]);
  assert.equal((await ordersTo(tools.server, "G-other")).length, 1);
}

async function byRule(tools) {
  for (const minutesAgo of [2, 0]) await tell(tools.gateway, "G-flood", 420, minutesAgo);
  const given = await until("the rule has ordered", async () =>
    (await ordersTo(tools.server, "G-flood"))[0]);
  assert.equal(given.by.id, "rule/ponding");
  const incident = await until("there is an incident", async () => {
    const answer = await fetch(tools.server.url("/api/v1/incidents"));
    const { items } = await answer.json();
    return items.find((one) => JSON.stringify(one.evidence).includes("G-flood"))?.id;
  });
  for (const language of ["zh", "en"]) {
    const words = WORDS[language];
    const screen = await tools.open(`/incident/${incident}?lang=${language}`, { viewport: FULL_HD });
    const { page } = screen;
    await page.locator(".evidence-asset", { hasText: "G-flood" }).press("Enter");
    await page.waitForURL(/\/asset\/road\/G-flood/);
    await page.locator(".order-by", { hasText: words.rule }).waitFor();
    const link = page.locator(".asset-alerts a", { hasText: incident });
    assert.equal(await link.first().getAttribute("href"), `/incident/${incident}`);
    await assertFits(screen);
  }
}

async function nothingThere(tools) {
  tools.expect(/^status 404: /, /Failed to load resource: .* 404/);
  await tools.gateway.level("M-1", 0.4);
  for (const language of ["zh", "en"]) {
    const { page } = await tools.open(`/asset/road/nowhere?lang=${language}`);
    await page.getByText(WORDS[language].none).waitFor();
    await page.goto(tools.server.url(`/asset/manhole/M-1?lang=${language}`));
    await page.locator(".asset-alerts", { hasText: /没有生效的告警|No alerts in force/ }).waitFor();
    await page.locator(".asset-values dd").first().waitFor();
    assert.equal(await page.getByText(/可下达的指令|What it can be told/).count(), 0);
  }
}

const CHIEF = ["chief", "correct horse battery"];
const VIEWER = ["wu-view", "a long viewer phrase"];

/** A guarded server with somebody who may look, a gauge, and an order to it. */
async function staffed() {
  const server = await Egret.guarded();
  const code = await until("the first code is printed", () => server.firstCode);
  const made = await fetch(server.url("/api/v1/first-start"), {
    method: "POST",
    headers: { "content-type": "application/json", "x-egret": "1" },
    body: JSON.stringify({ code, name: CHIEF[0], password: CHIEF[1] }),
  });
  assert.ok(made.ok, await made.text());
  const admin = await signedIn(server, ...CHIEF);
  await account(admin, server, ...VIEWER, [grant("viewer")]);
  const gauges = { id: "road-gauges", feeds: ["road"] };
  const { secret } = await admin.ask("POST", "/admin/gateways", gauges);
  const gateway = await Gateway.connect(server, { username: gauges.id, password: secret });
  // What the rule orders, for more than a minute of water.
  for (const minutesAgo of [2, 0]) await tell(gateway, "G-1", 420, minutesAgo);
  await gateway.close();
  return server;
}

function defineGuarded(test) {
  test("who may only look sees orders, not why, and gives none", async (tools) => {
    tools.expect(/^status 401: /, /Failed to load resource: .* 401/);
    const words = WORDS.en;
    const { page } = await tools.open("/asset/road/G-1?lang=en", { viewport: FULL_HD });
    await page.waitForURL(/sign-in/);
    await fillSignIn(page, ...VIEWER);
    await page.waitForURL(/\/asset\/road\/G-1/);
    await page.locator(".order-by", { hasText: words.rule }).waitFor();
    assert.equal(await page.locator(".order-by span").first().textContent(), "");
    await page.locator(".offers li", { hasText: words.notYours }).first().waitFor();
    assert.equal(await page.locator(".offers button").count(), 0);
    await assertAccessible(tools, page);
  });
}
