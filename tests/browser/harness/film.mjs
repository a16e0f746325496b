// Every picture that a page paints for a while, across its loads.
import { statisticsOf } from "./picture.mjs";

/** Films a page from now on. */
export async function filmed(page) {
  const camera = await page.context().newCDPSession(page);
  const pictures = [];
  camera.on("Page.screencastFrame", ({ data, sessionId }) => {
    pictures.push(Buffer.from(data, "base64"));
    // A page that goes takes its picture back.
    camera.send("Page.screencastFrameAck", { sessionId }).catch(() => {});
  });
  const size = { maxWidth: 480, maxHeight: 270 };
  await camera.send("Page.startScreencast", { format: "png", everyNthFrame: 1, ...size });
  return {
    async end() {
      await camera.send("Page.stopScreencast");
      await camera.detach();
      return pictures;
    },
    /** How far the brightness of each picture's points deviates: an empty page by nothing. */
    async fullness(browser, taken) {
      return (await statisticsOf(browser, taken)).map(({ deviation }) => deviation);
    },
  };
}
