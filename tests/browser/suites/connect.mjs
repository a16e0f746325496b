// From the first message of a vendor that nobody knows to a tile on the wall, in the browser alone;
// and what was refused meanwhile, read again or let go.
import assert from "node:assert/strict";

import { assertAccessible } from "../harness/accessible.mjs";
import { Egret } from "../harness/server.mjs";
import { topic } from "../harness/stage.mjs";

/** MQTT 5: nobody listens to the topic; payload format invalid. */
const NO_FEED = 0x90;
const FORMAT_INVALID = 0x99;

const TOPIC = "acme/meter-7/up";
const FEED = "acme";
const METRIC = "acme.db_max";

/** How long the server may take to fold the small city anew. Milliseconds. */
const FOLD_MS = 30_000;

/** The tiny city, with callers' numbers on the hotline. */
const callers = (text) => text.replace(/^report /m, 'personal = ["/caller/phone"]\n$&');

export function connect() {
  topic("connecting a feed", Egret.tiny, define);
  topic("connecting where feeds are about people",
    () => Egret.tinyWith({ "feeds.toml": callers }), defineSealed);
}

function defineSealed(test) {
  test("what may name somebody is no sample, and the page says why", async (tools) => {
    await assert.rejects(tools.gateway.publish(TOPIC, noise(71.5)), { code: NO_FEED });
    const { page } = await tools.open(
      `/data/connect?lang=en&topic=${encodeURIComponent(TOPIC)}`);
    const why = page.getByText("The payload is kept sealed");
    await why.waitFor();
    const heard = page.getByLabel("Topic of the message", { exact: true });
    assert.equal(await heard.inputValue(), TOPIC);
    assert.equal(await page.getByRole("button", { name: /^Sample \d/ }).count(), 1);
    await assertAccessible(tools, page);
    await page.getByLabel("Payload", { exact: true }).fill(noise(71.5));
    await why.waitFor({ state: "hidden" });
    const { page: refused } = await tools.open("/data?lang=en");
    await refused.locator(".refused tr", { hasText: "kept sealed: it may name people" }).waitFor();
  });
}

function define(test) {
  test("a vendor that nobody knows goes from its first message to the wall", async (tools) => {
    await assert.rejects(tools.gateway.publish(TOPIC, noise(71.5)), { code: NO_FEED });
    const { page } = await tools.open("/data?lang=en", { viewport: { width: 1920, height: 1080 } });
    const heard = page.locator(".unconnected tr", { hasText: TOPIC });
    await heard.waitFor();
    assert.match(await heard.locator(".number").textContent(), /^1$/);
    await assertAccessible(tools, page);
    await heard.getByRole("link", { name: /^Connect/ }).press("Enter");
    await page.waitForURL(/\/data\/connect\?topic=/);

    // What was made of the message by itself.
    const leaf = (key) =>
      page.locator("button.leaf", { has: page.locator(".leaf-key", { hasText: key }) });
    await leaf("dB").waitFor();
    assert.match(await leaf("dB").textContent(), /71\.5.*db/);
    assert.match(await leaf(/^t$/).textContent(), /time$/);
    assert.match(await leaf(/^x$/).textContent(), /longitude$/);
    assert.equal(await page.getByLabel("Topic filter", { exact: true }).inputValue(), "acme/+/up");
    assert.equal(await page.getByLabel("The asset's id is", { exact: true }).inputValue(), "1");
    assert.equal(await page.getByLabel("Feed id", { exact: true }).inputValue(), FEED);
    await page.locator(".connect-verdict", { hasText: "Still missing" }).waitFor();

    // A leaf is taken for nothing, and for a value again, by the keyboard.
    await leaf("dB").press("Enter");
    await page.getByRole("button", { name: "nothing", exact: true }).press("Enter");
    await page.locator(".connect-values code", { hasText: "/dB" }).waitFor({ state: "detached" });
    await leaf("dB").press("Enter");
    await page.getByRole("button", { name: "a value", exact: true }).press("Enter");
    await page.locator(".connect-values code", { hasText: "/dB" }).waitFor();

    await describe(page);
    await page.locator(".connect-verdict", { hasText: "Every sample is taken (1/1)" }).waitFor();
    const row = page.locator(".connect-tried tbody tr");
    assert.match(await row.textContent(), /meter-7.*71\.5 dB/s);
    await assertAccessible(tools, page);

    await page.getByRole("button", { name: "Connect", exact: true }).click();
    await page.locator(".connect-done").waitFor({ timeout: FOLD_MS });
    // Whoever pressed the button is led there.
    await page.waitForFunction(() => document.activeElement?.id === "connect-done");
    assert.ok(await isInSight(page.locator(".connect-done h2")), "what came of it is in sight");
    await page.getByRole("button", { name: "Read the refused message again" }).click();
    await page.getByText("1 taken", { exact: true }).waitFor();
    await page.getByRole("link", { name: "See it on the wall" }).click();
    await page.waitForURL(/\/wall\/connected/);
    const figure = page.locator(`.panel-stat [data-figure="${METRIC}"]`);
    await figure.filter({ hasText: /71\.5|72/ }).waitFor();

    // From now on its messages are taken as they come.
    await tools.gateway.publish(TOPIC, noise(93));
    await figure.filter({ hasText: "93" }).waitFor();
  });

  test("what is not connected yet is not lost by a slip", async (tools) => {
    const { page } = await tools.open("/data/connect?lang=en");
    const payload = page.getByLabel("Payload", { exact: true });
    await payload.fill('{"id":"m-1","level":3}');
    await page.getByRole("link", { name: "Back to data quality" }).click();
    await page.getByRole("heading", { name: "This is not connected yet" }).waitFor();
    await page.getByRole("button", { name: "Cancel" }).click();
    assert.match(page.url(), /\/data\/connect/);
    assert.equal(await payload.inputValue(), '{"id":"m-1","level":3}');
    await page.getByRole("link", { name: "Back to data quality" }).click();
    await page.getByRole("button", { name: "Leave", exact: true }).click();
    await page.waitForURL(/\/data(\?|$)/);
  });

  test("mistakes that the server finds are said beside their fields", async (tools) => {
    const { page } = await tools.open("/data/connect?lang=en");
    await page.getByLabel("Payload", { exact: true }).fill('{"id":"m-1","dB":3}');
    await describe(page);
    const filter = page.getByLabel("Topic filter", { exact: true });
    await filter.fill("acme/#/up");
    const field = page.locator(".field", { has: page.locator("#connect-topic") });
    await field.locator(".field-fault", { hasText: "last level" }).waitFor();
    assert.equal(await filter.getAttribute("aria-invalid"), "true");
    await assertAccessible(tools, page);
    const other = await tools.open("/data/connect?lang=zh");
    await other.page.getByRole("heading", { name: "接入数据源" }).waitFor();
    await assertAccessible(tools, other.page);
  });

  test("refused messages are read whole, and let go with a reason", async (tools) => {
    const payload = '{"values": oops';
    await assert.rejects(tools.gateway.publish("egret/v1/manhole/M-7", payload), {
      code: FORMAT_INVALID,
    });
    const { page } = await tools.open("/data?lang=en");
    const row = page.locator(".refused tr", { has: page.locator("code", { hasText: payload }) });
    await row.getByRole("button", { name: "Show the whole payload" }).press("Enter");
    await row.locator("pre", { hasText: payload }).waitFor();
    await row.getByRole("button", { name: /^Read again/ }).click();
    const told = page.getByText(/^0 taken, 1 stay: /);
    await told.waitFor();
    assert.ok(await isInSight(told), "the answer is in sight of the row");
    await page.locator(".refused").getByLabel("Reason").selectOption({ label: "No JSON" });
    await page.getByRole("button", { name: "Discard all" }).click();
    await page.getByRole("button", { name: "Discard all" }).last().click();
    await page.getByText("This is needed").waitFor();
    await page.getByLabel("Why they are discarded").fill("a broken probe");
    await page.getByRole("button", { name: "Discard all" }).last().click();
    await page.getByText("1 discarded", { exact: true }).waitFor();
    await page.getByText("Nothing has been refused").waitFor();
  });

  test("what was connected is shown as the files have it, changed, and let go", async (tools) => {
    const { page } = await tools.open("/data?lang=en");
    const row = page.locator(".added tr", { hasText: FEED });
    await row.getByRole("button", { name: /^As TOML/ }).click();
    const toml = await page.locator("dialog textarea").inputValue();
    assert.match(toml, /^\[\[feed\]\]$/m);
    assert.match(toml, /^id = "acme"$/m);
    await page.getByRole("button", { name: "Done" }).click();

    await row.getByRole("link", { name: /^Change/ }).click();
    await page.getByRole("heading", { name: "Change a connection" }).waitFor();
    assert.equal(await page.getByLabel("Feed id", { exact: true }).getAttribute("readonly"), "");
    assert.equal(await page.getByLabel("Orange from", { exact: true }).inputValue(), "85");
    const ofFeed = page.getByRole("group", { name: "Feed", exact: true });
    await ofFeed.getByLabel("Name in English", { exact: true }).fill("Noise in the west");
    await page.getByRole("button", { name: "Save the change" }).click();
    await page.locator(".connect-done").waitFor({ timeout: FOLD_MS });
    await page.getByRole("link", { name: "See the feed" }).click();
    await page.locator(".feeds-table tr", { hasText: "Noise in the west" }).waitFor();

    await row.getByRole("button", { name: /^Disconnect/ }).click();
    await page.getByRole("button", { name: "Disconnect", exact: true }).last().click();
    await page.getByText("No feed has been connected here yet").waitFor({ timeout: FOLD_MS });
  });
}

/** Whether something can be read without scrolling. */
async function isInSight(locator) {
  return locator.evaluate((element) => {
    const { top, bottom } = element.getBoundingClientRect();
    return top >= 0 && bottom <= window.innerHeight;
  });
}

/** Says what no message can. */
async function describe(page) {
  await page.getByLabel("Department", { exact: true }).selectOption({ label: "West District" });
  await page.getByLabel("Domain", { exact: true }).fill("environment");
  await page.getByLabel("Asset class", { exact: true }).fill("noise-meter");
  const tile = page.getByLabel(/^Show as a tile/);
  if (!(await tile.isChecked())) await tile.check();
  await page.getByLabel("Made of readings by", { exact: true }).selectOption({ label: "greatest" });
  await page.getByLabel("Orange from", { exact: true }).fill("85");
}

/** A noise meter's message as its vendor writes it, half a minute old. */
function noise(db) {
  return JSON.stringify({ t: Date.now() - 30_000, where: { x: 118.05, y: 24.45 }, dB: db });
}
