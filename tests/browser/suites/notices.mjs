// Whether notifications arrive, as an admin sees it: a mail server that is away, and is there.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { createServer } from "node:net";

import { assertAccessible } from "../harness/accessible.mjs";
import { FULL_HD } from "../harness/browser.mjs";
import { Egret } from "../harness/server.mjs";
import { topic } from "../harness/stage.mjs";
import { assertFits } from "../harness/text.mjs";
import { until } from "../harness/wait.mjs";

const PYTHON = process.env.EGRET_PYTHON ?? "python3";
/** How long a delivery that failed may take to be tried again, and to be shown. Milliseconds. */
const RETRIED_MS = 60_000;

/** What Chromium says about a line that breaks. */
const LINE_BROKEN = [/request failed: .*deliveries/, /Failed to load resource: net::ERR_FAILED/];

let port;

export function notices() {
  topic("notifications", mailed, define);
}

/** A server that tells a mail server of every incident; nobody is at its address yet. */
async function mailed() {
  port = await freePort();
  const server = await Egret.tiny();
  const channel = `id = "mail"\nkind = "smtp"\nhost = "127.0.0.1"\nport = ${port}\ntls = "none"\nfrom = "egret@city.example"\n`;
  const route = `level = "blue"\nto = [{ channel = "mail", recipients = ["duty@city.example"] }]\n`;
  return server.restart(() => `[[notify.channel]]\n${channel}\n[[notify.route]]\n${route}`);
}

/** A port that was free a moment ago. */
function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const { port: free } = server.address();
      server.close(() => resolve(free));
    });
  });
}

function define(test) {
  test("a list that could not be loaded is asked for once more by a button", askedAgain);
  test("a mail server that is away is told of, and what waited arrives when it is back", backAgain);
}

async function askedAgain(tools) {
  tools.expect(...LINE_BROKEN);
  const screen = await tools.open("/admin/notifications?lang=en", { viewport: FULL_HD });
  const { page } = screen;
  let asked = 0;
  await page.route(/notifications\/deliveries/, (route) => {
    asked += 1;
    return asked === 1 ? route.abort() : route.continue();
  });
  await page.reload();
  await page.getByText("Could not be loaded", { exact: true }).waitFor();
  const again = page.getByRole("button", { name: "Try again", exact: true });
  await again.waitFor();
  await assertAccessible(tools, page);
  await assertFits(screen);
  assert.equal(asked, 1);
  await again.press("Enter");
  await page.getByText("No notification fits").waitFor();
  await again.waitFor({ state: "detached" });
  assert.equal(asked, 2);
}

async function backAgain(tools) {
  for (const minutesAgo of [2, 0]) {
    const ts = Date.now() - 60_000 * minutesAgo;
    const reading = { msgId: `G-mail-${ts}`, ts, gps: { lng: 118.05, lat: 24.45 }, depth_mm: 420 };
    await tools.gateway.publish("vendor-x/G-mail/telemetry", JSON.stringify(reading));
  }
  const screen = await tools.open("/admin/notifications?lang=en", { viewport: FULL_HD });
  const { page } = screen;
  const channel = page.locator("tbody tr", { hasText: `127.0.0.1:${port}` });
  await channel.getByText("Fails", { exact: true }).waitFor({ timeout: RETRIED_MS });
  await page.getByText("No notification fits").waitFor();
  await page.getByLabel("State").selectOption("waiting");
  const waiting = page.locator("tbody tr", { hasText: "duty@city.example" }).first();
  await waiting.getByText("next try").waitFor({ timeout: RETRIED_MS });
  await assertAccessible(tools, page);
  await assertFits(screen);
  await screen.picture("notifications-away");
  const mail = spawn(PYTHON, ["-m", "aiosmtpd", "-n", "-l", `127.0.0.1:${port}`], { stdio: "ignore" });
  try {
    await channel.getByText("Works", { exact: true }).waitFor({ timeout: RETRIED_MS });
    await page.getByLabel("State").selectOption("sent");
    await until("what waited has arrived", () => waiting.isVisible());
    await waiting.getByRole("link").press("Enter");
    await page.waitForURL(/\/incident\//);
    const chinese = await tools.open("/admin/notifications?lang=zh", { viewport: FULL_HD });
    const row = chinese.page.locator("tbody tr", { hasText: `127.0.0.1:${port}` });
    await row.getByText("正常", { exact: true }).waitFor();
    await assertFits(chinese);
    await chinese.picture("notifications-zh");
  } finally {
    mail.kill();
  }
}
