// What axe-core says of a page, by the rules it brings.
import assert from "node:assert/strict";
import axe from "axe-core";

/** Fails with every serious or critical finding; lesser ones are noted with the test. */
export async function assertAccessible(tools, page) {
  // By the debugger, which the page's policy does not bind.
  await page.evaluate(axe.source);
  const { violations } = await page.evaluate(() => window.axe.run());
  const lines = violations.flatMap(({ id, impact, help, nodes }) =>
    nodes.map((node) => `${impact} ${id}: ${help}: ${node.target.join(" ")}`));
  const isSerious = (line) => /^(serious|critical) /.test(line);
  lines.filter((line) => !isSerious(line)).forEach((line) => tools.note(line));
  assert.deepEqual(lines.filter(isSerious), []);
}
