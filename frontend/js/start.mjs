// Starts the browser part. A file of its own, because the page's policy allows no inline script.
import init from "/egret.js";

init().catch((error) => {
  const words = document.createElement("p");
  words.className = "failed-start";
  words.textContent = `白鹭无法启动 · Egret cannot start: ${error}`;
  document.body.append(words);
});
