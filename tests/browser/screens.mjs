// `cargo xtask screens`: pictures of all scenes of the demo city in the storm, at each size, in both
// languages, dark and light, and a table of what of them cannot be read. Ends with 1 on a fault.
// Words after the command narrow it: ids of scenes, sizes, languages, themes.
import { mkdirSync } from "node:fs";
import { join } from "node:path";

import { Screen, launch } from "./harness/browser.mjs";
import { faults, told } from "./harness/reading.mjs";
import { dress, sceneIds, show, storm } from "./harness/scenes.mjs";

const SIZES = {
  "1080p": { width: 1920, height: 1080 },
  "4k": { width: 3840, height: 2160 },
  "32x9": { width: 5120, height: 1440 },
  "8k": { width: 7680, height: 4320 },
  upright: { width: 1080, height: 1920 },
};
/** What is made when nothing is named. */
const USUAL = ["1080p", "4k", "32x9"];
const LANGUAGES = ["zh", "en"];
const THEMES = ["dark", "light"];

const out = process.env.EGRET_SCREENS;
if (!out) throw new Error("EGRET_SCREENS names no folder: run `cargo xtask screens`");
mkdirSync(out, { recursive: true });

const words = process.argv.slice(2);
const chosen = (all, usual = all) => {
  const named = all.filter((one) => words.includes(one));
  return named.length > 0 ? named : usual;
};

const server = await storm();
const browser = await launch();
const scenes = await sceneIds(server);
const known = [...scenes, ...Object.keys(SIZES), ...LANGUAGES, ...THEMES];
const unknown = words.filter((word) => !known.includes(word));
if (unknown.length > 0) {
  console.error(`unknown: ${unknown.join(" ")}; there are ${known.join(" ")}`);
  process.exit(2);
}

let n = 0;
const faulty = [];
console.log("size     scene            lang theme   cut over small short");
for (const size of chosen(Object.keys(SIZES), USUAL)) {
  const screen = await Screen.wall(browser, server, { viewport: SIZES[size] });
  screen.page.setDefaultTimeout(60_000);
  for (const scene of chosen(scenes)) {
    await show(screen, scene);
    for (const theme of chosen(THEMES)) {
      for (const language of chosen(LANGUAGES)) {
        await dress(screen, language, theme);
        await screen.settled();
        const found = await faults(screen.page);
        const path = join(out, `${size}-${scene}-${language}-${theme}.png`);
        await screen.page.screenshot({ path });
        const row = [size.padEnd(8), scene.padEnd(16), language.padEnd(4), theme.padEnd(6)];
        const counts = ["cut", "over", "small", "short"].map((name) => found[name].length);
        const padded = counts.map((count, place) => String(count).padStart([4, 4, 5, 5][place]));
        console.log([...row, padded.join(" ")].join(" "));
        faulty.push(...told(found).map((line) => `${size} ${scene} ${language} ${theme}: ${line}`));
        if (words.includes("short")) found.short.forEach((line) => console.log(`  short: ${line}`));
        n += 1;
      }
    }
  }
  const complaints = screen.unexpected();
  faulty.push(...complaints.map((line) => `${size}: the page complains: ${line}`));
  await screen.close();
}
await browser.close();
await server.close();
faulty.forEach((line) => console.log(line));
console.log(`${n} pictures in ${out}, ${faulty.length} faults`);
process.exit(faulty.length > 0 ? 1 : 0);
