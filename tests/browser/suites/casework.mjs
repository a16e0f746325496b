// Casework: from a red storm signal to a closed case, by two people in the real screens, in both
// languages; what happens when two act at once, when the server is away, and in an emergency.
import assert from "node:assert/strict";

import { assertAccessible } from "../harness/accessible.mjs";
import { FULL_HD } from "../harness/browser.mjs";
import { SERVER_IS_GONE } from "../harness/complaints.mjs";
import { Gateway } from "../harness/gateway.mjs";
import { account, fillSignIn, grant, signedIn } from "../harness/people.mjs";
import { Egret } from "../harness/server.mjs";
import { topic } from "../harness/stage.mjs";
import { cutTexts } from "../harness/text.mjs";
import { until } from "../harness/wait.mjs";

const CHIEF = ["chief", "correct horse battery"];
const DISPATCHER = ["lin-dispatch", "a long dispatcher phrase"];
const HANDLER = ["chen-water", "a long handler phrase"];
const PASSWORD_OF = new Map([CHIEF, DISPATCHER, HANDLER]);

/** What Chromium says about an answer that refuses something. */
const REFUSED = [/^status (401|403|404|409|422): /, /Failed to load resource: .* (401|403|404|409|422)/];

const WORDS = {
  zh: {
    file: "立案", dispatch: "派遣", accept: "接单", feedback: "反馈", verify: "核查", close: "结案",
    comment: "留言", supervise: "督办", sendAgain: "确认并再次提交",
    life: "危急", seen: "现场已排空，路面恢复", done: "已抽排，积水退去", states: "上报立案派遣处置反馈核查结案",
    closed: "结案", evidence: "积水", offline: "连接已断开", inForce: "信号仍生效",
  },
  en: {
    file: "File", dispatch: "Dispatch", accept: "Accept", feedback: "Give feedback",
    verify: "Verify", close: "Close the case",
    comment: "Comment", supervise: "Urge", sendAgain: "Send it again",
    life: "Danger to life", seen: "The road is dry again", done: "Pumped out, the water is gone",
    states: "ReportedFiledDispatchedHandlingFeedbackVerifiedClosed",
    closed: "Closed", evidence: "of water", offline: "The connection is lost",
    inForce: "still in force",
  },
};

export function casework() {
  topic("casework", staffed, define, { hasGateway: false });
}

/** A guarded server with two people, and a gateway's account for the road gauges. */
async function staffed() {
  const server = await Egret.guarded();
  // It is printed after the server's readiness is.
  const code = await until("the first code is printed", () => server.firstCode);
  const first = { code, name: CHIEF[0], password: CHIEF[1] };
  const made = await fetch(server.url("/api/v1/first-start"), {
    method: "POST",
    headers: { "content-type": "application/json", "x-egret": "1" },
    body: JSON.stringify(first),
  });
  assert.ok(made.ok, await made.text());
  const admin = await signedIn(server, ...CHIEF);
  await account(admin, server, ...DISPATCHER, [grant("dispatcher")]);
  const water = { departments: { only: ["water"] } };
  await account(admin, server, ...HANDLER, [grant("handler", water)]);
  const gauges = { id: "road-gauges", feeds: ["road"] };
  const { secret } = await admin.ask("POST", "/admin/gateways", gauges);
  server.roadGauges = { username: gauges.id, password: secret };
  return server;
}

function define(test) {
  for (const [language, gauge, position] of [
    ["zh", "R-1", [118.05, 24.45]],
    ["en", "R-9", [118.09, 24.49]],
  ]) {
    test(`a red signal becomes a case that two people bring to its close (${language})`,
      (tools) => wholeLife(tools, language, gauge, position));
  }

  test("two who act at once are told of each other, and nothing written is lost", twoAtOnce);
  test("while the server is away nothing is offered, and it says why", whileAway);
  test("an emergency is told on every screen, and ends", emergency);
}

async function wholeLife(tools, language, gauge, position) {
  tools.expect(...REFUSED);
  const words = WORDS[language];
  const dispatcher = await signIn(tools, "/desk", DISPATCHER[0], language);
  const handler = await signIn(tools, "/desk?mine=1", HANDLER[0], language);
  const sentAt = Date.now();
  await flood(tools.server, gauge, position);

  // The queue shows it without anybody's doing; the row leads to its file.
  const row = dispatcher.page.locator(".queue-line.level-red").first();
  await row.waitFor();
  tools.note(`${language}: in the queue ${Date.now() - sentAt} ms after the signal was sent`);
  await row.click();
  const file = dispatcher.page.locator(".incident-file");
  await file.locator(".evidence", { hasText: gauge }).waitFor();
  const id = (await file.locator(".incident-id code").textContent()).trim();
  assert.match(await file.locator(".evidence").textContent(), new RegExp(words.evidence));
  await assertAccessible(tools, dispatcher.page);

  // Filed and dispatched by letters alone; the rule's proposal is filled in.
  await dispatcher.page.locator("[data-act=file]").waitFor();
  await dispatcher.page.keyboard.press("f");
  await dispatcher.page.locator("dialog select").first().selectOption({ label: words.life });
  await assertAccessible(tools, dispatcher.page);
  await send(dispatcher.page, words.file);
  await state(dispatcher.page, words, 1);
  await dispatcher.page.locator("[data-act=dispatch]").waitFor();
  await dispatcher.page.keyboard.press("d");
  assert.equal(await dispatcher.page.locator("dialog select").first().inputValue(), "water");
  const police = dispatcher.page.locator("dialog .tick", { hasText: /公安局|Police/ });
  await police.locator("input").uncheck();
  await send(dispatcher.page, words.dispatch);
  await state(dispatcher.page, words, 2);

  // The handler finds it among their own, opens its page and works it.
  await handler.page.locator(".queue-line", { hasText: id }).click();
  await handler.page.keyboard.press("Enter");
  await handler.page.waitForURL(new RegExp(`/incident/${id}`));
  await handler.page.locator("[data-act=accept]").waitFor();
  await handler.page.keyboard.press("t");
  await send(handler.page, words.accept);
  await state(handler.page, words, 3);
  await handler.page.locator("[data-act=feedback]").click();
  await handler.page.locator("dialog textarea").fill(words.done);
  await send(handler.page, words.feedback);
  await state(handler.page, words, 4);
  assert.equal(await handler.page.locator("[data-act=verify]").count(), 0, "four eyes");
  await assertAccessible(tools, handler.page);

  // Verified and closed by somebody else.
  await dispatcher.page.locator("[data-act=verify]").waitFor();
  await dispatcher.page.keyboard.press("v");
  await dispatcher.page.locator("dialog .undone", { hasText: words.inForce }).waitFor();
  await dispatcher.page.locator("dialog textarea").fill(words.seen);
  await send(dispatcher.page, words.verify);
  await state(dispatcher.page, words, 5);
  await dispatcher.page.locator("[data-act=close]").waitFor();
  await dispatcher.page.keyboard.press("e");
  await send(dispatcher.page, words.close);
  await state(dispatcher.page, words, 6);

  // What was done is told to both, with who did it.
  const timeline = handler.page.locator(".incident-timeline .timeline li");
  await until("everything that was done is told", async () => (await timeline.count()) >= 7);
  const told = (await timeline.allTextContents()).join("\n");
  for (const part of [words.done, words.seen, DISPATCHER[0], HANDLER[0]]) {
    assert.ok(told.includes(part), `${part} in ${told}`);
  }
  await handler.settled();
  assert.deepEqual(await handler.page.evaluate(cutTexts), []);
  await handler.picture(`incident-closed-${language}`);
}

async function twoAtOnce(tools) {
  tools.expect(...REFUSED);
  const words = WORDS.en;
  const one = await signIn(tools, "/desk", DISPATCHER[0], "en");
  const id = await report(tools.server, "A tree has fallen");
  await one.page.goto(tools.server.url(`/incident/${id}?lang=en`));
  await one.page.locator("[data-act=comment][aria-disabled=false]").waitFor();
  await one.page.keyboard.press("m");
  await one.page.locator("dialog textarea").fill("the road is closed");
  const other = await signedIn(tools.server, DISPATCHER[0], PASSWORD_OF.get(DISPATCHER[0]));
  await act(other, id, { supervise: { reason: "the mayor asks" } });
  await send(one.page, words.comment, { closes: false });
  const changed = one.page.locator("dialog .changed");
  await changed.waitFor();
  assert.match(await changed.textContent(), /Urged from above.*the mayor asks/s);
  assert.equal(await one.page.locator("dialog textarea").inputValue(), "the road is closed");
  await send(one.page, words.sendAgain);
  await one.page.locator(".timeline", { hasText: "the road is closed" }).waitFor();
}

async function whileAway(tools) {
  tools.expect(...REFUSED, ...SERVER_IS_GONE, /Failed to fetch/);
  const { server } = tools;
  const id = await report(server, "A lamp is out");
  const { page } = await signIn(tools, `/incident/${id}`, DISPATCHER[0], "en");
  const button = page.locator("[data-act=file]");
  await button.waitFor();
  await page.waitForSelector(".map-message", { state: "detached" });
  await server.kill();
  await page.locator(".acts-why", { hasText: WORDS.en.offline }).waitFor();
  assert.equal(await button.getAttribute("aria-disabled"), "true");
  await page.keyboard.press("f");
  assert.equal(await page.locator("dialog").count(), 0);
  await server.start();
  await page.locator("[data-act=file][aria-disabled=false]").waitFor({ timeout: 20_000 });
}

async function emergency(tools) {
  tools.expect(...REFUSED);
  const dispatcher = await signIn(tools, "/desk", DISPATCHER[0], "en");
  const handler = await signIn(tools, "/data", HANDLER[0], "zh");
  assert.equal(await handler.page.locator(".mode-button").count(), 0);
  await dispatcher.page.getByRole("button", { name: "Call the emergency mode" }).click();
  await dispatcher.page.locator("dialog textarea").fill("红色暴雨 red rain");
  await send(dispatcher.page, "Call the emergency mode");
  await handler.page.locator(".mode-line", { hasText: "战时应急模式" }).waitFor();
  assert.match(await handler.page.locator(".mode-line").textContent(), /红色暴雨 red rain/);
  assert.equal(await handler.page.locator(".mode-place").getAttribute("aria-live"), "assertive");
  await assertAccessible(tools, handler.page);
  await dispatcher.page.getByRole("button", { name: "Back to everyday" }).click();
  await dispatcher.page.locator("dialog textarea").fill("the rain is over");
  await send(dispatcher.page, "Back to everyday");
  await handler.page.locator(".mode-line").waitFor({ state: "detached" });
}

/** Opens a page of somebody who has signed in. */
async function signIn(tools, path, name, language) {
  const query = path.includes("?") ? "&" : "?";
  const screen = await tools.open(`${path}${query}lang=en`, { viewport: FULL_HD });
  await screen.page.waitForURL(/sign-in/);
  await fillSignIn(screen.page, name, PASSWORD_OF.get(name));
  await screen.page.waitForSelector(".liveness.live");
  if (language !== "en") await screen.page.keyboard.press("l");
  await screen.page.waitForSelector(`html[lang^=${language}]`);
  return screen;
}

/** A gauge reads a red depth, and has done so for longer than the rule wants. */
async function flood(server, gauge, position) {
  const gateway = await Gateway.connect(server, server.roadGauges);
  for (const minutesAgo of [2, 0]) {
    const ts = Date.now() - 60_000 * minutesAgo;
    const [lng, lat] = position;
    const reading = { msgId: `${gauge}-${ts}`, ts, gps: { lng, lat }, depth_mm: 420 };
    await gateway.publish(`vendor-x/${gauge}/telemetry`, JSON.stringify(reading));
  }
  await gateway.close();
}

/** Sends the form that is open. */
async function send(page, name, { closes = true } = {}) {
  const dialog = page.locator("dialog");
  await dialog.getByRole("button", { name, exact: true }).click();
  if (closes) await dialog.waitFor({ state: "detached" });
}

/** Waits until an incident stands at a step, counted from 0. */
async function state(page, words, place) {
  const here = page.locator(`.steps .step:nth-child(${place + 1}).here`);
  await here.waitFor();
  assert.equal((await page.locator(".steps .step").allTextContents()).join(""), words.states);
}

/** Reports an incident by REST; gives its id. */
async function report(server, title) {
  const client = await signedIn(server, DISPATCHER[0], PASSWORD_OF.get(DISPATCHER[0]));
  const order = { id: crypto.randomUUID(), title, text: title, level: "yellow", area: "900001" };
  return (await client.ask("POST", "/incidents", order)).incident;
}

/** Does something to an incident by REST, whatever its version. */
async function act(client, id, deed) {
  const { version } = await client.ask("GET", `/incidents/${id}`);
  const command = { id: crypto.randomUUID(), version, act: deed };
  await client.ask("POST", `/incidents/${id}/commands`, command);
}
