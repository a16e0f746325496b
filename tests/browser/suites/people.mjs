// People: the first start, signing in, being locked out, single sign-on, a grant that changes under
// an open page, and a wall that is paired, comes back by itself, and is sent away.
import assert from "node:assert/strict";

import { assertAccessible } from "../harness/accessible.mjs";
import { SERVER_IS_GONE } from "../harness/complaints.mjs";
import { Issuer } from "../harness/issuing.mjs";
import { account, fillSignIn, grant, signedIn } from "../harness/people.mjs";
import { Egret } from "../harness/server.mjs";
import { topic } from "../harness/stage.mjs";
import { until } from "../harness/wait.mjs";

const CHIEF = ["chief", "correct horse battery"];
const DUTY = ["duty-east", "another long one"];

/** What Chromium says about an answer that refuses something. */
const REFUSED = [/^status (401|403|404|429): /, /Failed to load resource: .* (401|403|404|429)/];

/** From a change on the server to a screen without what may no longer be seen. Milliseconds. */
const VANISHED_MS = 1_000;

const FEEDS_OF_TINY = 5;

export function people() {
  topic("people", Egret.guarded, define, { hasGateway: false });
}

function define(test) {
  test("the first admin is made with the code that the server printed", async (tools) => {
    const { server } = tools;
    // The wall alone has no way in: the page with all screens comes in its place.
    tools.expect(...REFUSED);
    const { page } = await tools.open("/wall/overview?lang=en");
    await page.waitForURL(/\/start/);
    await page.getByLabel("One-time code").waitFor();
    await assertAccessible(tools, page);
    await page.getByLabel("One-time code").fill("AAAA-AAAA-AAAA");
    await page.getByLabel("User name").fill(CHIEF[0]);
    await page.getByLabel("Password", { exact: true }).fill(CHIEF[1]);
    await page.getByLabel("Password again").fill(CHIEF[1]);
    const make = page.getByRole("button", { name: "Make the admin and sign in" });
    await make.click();
    await page.getByText("That is not the code").waitFor();
    await page.getByLabel("One-time code").fill(server.firstCode);
    await make.click();
    await page.waitForSelector(".liveness.live");
    await page.waitForURL(/\/wall\/overview/);
  });

  test("somebody signs in and comes to where they wanted to go", async (tools) => {
    tools.expect(...REFUSED);
    const { page } = await tools.open("/data?lang=en");
    await page.waitForURL(/\/sign-in/);
    await page.waitForFunction(() => document.activeElement?.autocomplete === "username");
    await assertAccessible(tools, page);
    await fillSignIn(page, CHIEF[0], "not the password");
    await page.getByText("Wrong user name or password").waitFor();
    await fillSignIn(page, ...CHIEF);
    await page.waitForURL(/\/data/);
    await page.waitForSelector(".feeds-table tbody tr");
    await page.goto(tools.server.url("/me?lang=en"));
    await page.getByText("this one").waitFor();
    await assertAccessible(tools, page);
  });

  test("one who guesses is locked out, and the browser in use is not", async (tools) => {
    tools.expect(...REFUSED);
    // From here on the first admin's name is no good for a browser that is new.
    await secondAdmin(tools.server);
    const known = await tools.open("/sign-in?lang=en");
    await fillSignIn(known.page, ...CHIEF);
    await known.page.waitForSelector(".liveness.live");
    const guesser = await tools.open("/sign-in?lang=en");
    const lock = guesser.page.getByText("Too many failed tries");
    for (let tries = 0; tries < 8 && !(await lock.isVisible()); tries += 1) {
      const answered = guesser.page.waitForResponse(/sign-in$/);
      await fillSignIn(guesser.page, CHIEF[0], `guess number ${tries}`);
      await answered;
      await guesser.settled();
    }
    await lock.waitFor();
    assert.match(await guesser.page.locator(".countdown").textContent(), /^1[0-5]:\d\d$/);
    const again = await known.page.context().newPage();
    await known.page.context().clearCookies({ name: "egret_session" });
    await again.goto(tools.server.url("/sign-in?lang=en"));
    await fillSignIn(again, ...CHIEF);
    await again.waitForSelector(".liveness.live");
  });

  test("a grant that changes counts under an open page within a second", async (tools) => {
    tools.expect(...REFUSED, ...SERVER_IS_GONE);
    const { server } = tools;
    const admin = await adminOf(server);
    const duty = await account(admin, server, ...DUTY, [grant("viewer")]);
    const { page } = await tools.open("/data?lang=en");
    await fillSignIn(page, ...DUTY);
    const rows = page.locator(".feeds-table tbody tr:not(.feed-alerts)");
    await until("all feeds are shown", async () => (await rows.count()) === FEEDS_OF_TINY);
    await page.getByText("Manhole level").first().waitFor();
    const narrower = [grant("viewer", { departments: { only: ["police"] } })];
    const gone = page.getByText("Manhole level").first().waitFor({ state: "detached" });
    await admin.ask("PATCH", `/admin/users/${duty.id}`, { grants: narrower });
    const changedAt = Date.now();
    await gone;
    const tookMs = Date.now() - changedAt;
    tools.note(`foreign rows were gone ${tookMs} ms after the answer to the admin`);
    assert.ok(tookMs < VANISHED_MS, `${tookMs} ms`);
    await until("only the police's feed is shown", async () => (await rows.count()) === 1);
    assert.match(await rows.first().textContent(), /Probe cars/);
    await admin.ask("PATCH", `/admin/users/${duty.id}`, { disabled: true });
    await page.waitForURL(/\/sign-in/);
  });

  test("a gateway gets its account before it has a feed", async (tools) => {
    tools.expect(...REFUSED);
    const { page } = await tools.open("/admin/gateways?lang=en");
    await fillSignIn(page, ...(await secondAdmin(tools.server)));
    await page.getByRole("button", { name: "New gateway" }).click();
    const form = page.getByRole("dialog");
    await form.getByText("None yet: its messages wait under Unconnected topics").waitFor();
    await assertAccessible(tools, page);
    await form.getByLabel("MQTT user name").fill("acme-1");
    await form.getByRole("button", { name: "Create", exact: true }).click();
    await form.locator(".secrets").waitFor();
    const admin = await adminOf(tools.server);
    const { items } = await admin.ask("GET", "/admin/gateways");
    assert.deepEqual(items.map(({ id, feeds }) => ({ id, feeds })), [{ id: "acme-1", feeds: [] }]);
  });

  test("a wall is paired, comes back after every restart, and is sent away", async (tools) => {
    tools.expect(...REFUSED, ...SERVER_IS_GONE);
    const { server } = tools;
    const wall = await tools.open("/pair?lang=en");
    await wall.page.waitForSelector(".pair-qr");
    await assertAccessible(tools, wall.page);
    const code = (await wall.page.locator(".pair-code").textContent()).trim();
    assert.match(code, /^[0-9A-Z]{4}-[0-9A-Z]{4}$/);
    const desk = await tools.open("/sign-in?lang=en");
    await fillSignIn(desk.page, ...(await secondAdmin(server)));
    await desk.page.waitForSelector(".liveness.live");
    await desk.page.goto(server.url(`/admin/walls?lang=en#code=${code}`));
    await desk.page.getByLabel("The wall's name").fill("Hall, left");
    await assertAccessible(tools, desk.page);
    await desk.page.getByRole("button", { name: "Let in", exact: true }).last().click();
    await wall.page.waitForURL(/\/wall\/overview/);
    await wall.page.waitForSelector(".liveness.live");
    await wall.page.waitForSelector(".map-message", { state: "detached" });
    await server.kill();
    await server.start();
    await wall.page.waitForSelector(".liveness.live");
    // A browser that starts anew without its session, as after a power cut.
    await wall.page.context().clearCookies();
    await wall.page.goto(server.url("/"));
    await wall.page.waitForURL(/\/wall\/overview/);
    await wall.page.waitForSelector(".liveness.live");
    const row = desk.page.locator("tr", { hasText: "Hall, left" });
    await row.getByRole("button", { name: "Revoke" }).click();
    await desk.page.getByRole("button", { name: "Revoke" }).last().click();
    await wall.page.waitForURL(/\/pair/);
    await wall.page.waitForSelector(".pair-code");
  });

  test("the city's single sign-on lets in, and its groups grant", async (tools) => {
    tools.expect(...REFUSED, ...SERVER_IS_GONE);
    const { server } = tools;
    const issuer = await Issuer.start(server.url("/api/v1/oidc/callback"), {
      lin: { name: "林燕", groups: ["duty"] },
      xu: { name: "许强", groups: [] },
    });
    try {
      await server.restart((address) => settings(address, issuer.url));
      const inside = await tools.open("/sign-in?lang=en", { elsewhere: issuer.url });
      await inside.page.getByRole("link", { name: /Single sign-on/ }).click();
      await inside.page.locator("input[name=login]").fill("lin");
      await inside.page.locator("#sign-in").click();
      await inside.page.waitForSelector(".liveness.live");
      const outside = await tools.open("/sign-in?lang=en", { elsewhere: issuer.url });
      await outside.page.getByRole("link", { name: /Single sign-on/ }).click();
      await outside.page.locator("input[name=login]").fill("xu");
      await outside.page.locator("#sign-in").click();
      await outside.page.getByText("Nothing has been granted to you yet").waitFor();
      const refused = await tools.open("/sign-in?lang=en", { elsewhere: issuer.url });
      await refused.page.getByRole("link", { name: /Single sign-on/ }).click();
      await refused.page.locator("#refuse").click();
      await refused.page.getByText("Single sign-on did not work").waitFor();
    } finally {
      await issuer.close();
    }
  });
}

/** The settings file of a server with a single sign-on. */
function settings(address, issuer) {
  return `
[oidc]
issuer = "${issuer}"
client_id = "egret"
client_secret_file = "${Issuer.secretFile()}"
public_url = "${address}"
name = "SSO"

[oidc.groups]
duty = ["officer:*:*:internal"]
`;
}

/** The first admin by REST. Its browser is unknown, so it comes by another name than the one that
 *  somebody has guessed at. */
async function adminOf(server) {
  return signedIn(server, ...(await secondAdmin(server)));
}

let second;

/** Another admin, for when somebody has guessed at the first one's name. */
async function secondAdmin(server) {
  if (second) return second;
  const password = "and changed now";
  const chief = await signedIn(server, ...CHIEF);
  await account(chief, server, "deputy", password, [grant("admin")]);
  second = ["deputy", password];
  return second;
}
