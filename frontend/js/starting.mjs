import { letGo } from "./ahead.mjs";

/** Starts the browser part, and takes away what the page shows until then. */
export async function start(init) {
  const words = document.getElementById("starting");
  try {
    await init();
    words?.remove();
  } catch (error) {
    letGo();
    const failed = document.createElement("p");
    failed.className = "failed-start";
    failed.textContent = `白鹭无法启动 · Egret cannot start: ${error}`;
    words?.remove();
    document.body.append(failed);
  }
}
