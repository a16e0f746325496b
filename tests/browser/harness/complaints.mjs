// What a page has to complain about: messages on the console, failed requests, requests to
// somewhere else, breaches of the content policy. A good page has nothing.

/**
 * Messages of the software renderer about its own speed. They come from reading pixels back for
 * a screenshot, which a wall never does.
 */
const ABOUT_THE_RENDERER = [
  /GL Driver Message \(OpenGL, Performance, .*GPU stall due to ReadPixels/,
];

/** What Chromium says about a connection whose other end is gone. */
export const SERVER_IS_GONE = [
  /net::ERR_CONNECTION_REFUSED/,
  /net::ERR_CONNECTION_RESET/,
  /net::ERR_EMPTY_RESPONSE/,
  // In the middle of an answer.
  /net::ERR_INCOMPLETE_CHUNKED_ENCODING/,
  /net::ERR_CONTENT_LENGTH_MISMATCH/,
  /net::ERR_SOCKET_NOT_CONNECTED/,
  /WebSocket connection to .* failed/,
];

/** Listens to a context from before its first page; returns the list, which grows. Only `elsewhere`
 *  is another origin that may be asked. */
export async function complaints(context, origin, elsewhere) {
  const found = [];
  const ownHosts = [origin, elsewhere].filter(Boolean).map((one) => new URL(one).host);
  const outside = (url) => {
    const { protocol, host } = new URL(url.replace(/^blob:/, ""));
    return protocol !== "data:" && !ownHosts.includes(host);
  };
  context.on("request", (request) => {
    if (outside(request.url())) found.push(`request to another origin: ${request.url()}`);
  });
  context.on("requestfailed", (request) => {
    // Who leaves a page, as a wall does for every other screen, takes back what it still asks for.
    const isTakenBack = request.failure()?.errorText === "net::ERR_ABORTED";
    if (isTakenBack) return;
    found.push(`request failed: ${request.url()} ${request.failure()?.errorText}`);
  });
  context.on("response", (response) => {
    if (response.status() >= 400) found.push(`status ${response.status()}: ${response.url()}`);
  });
  context.on("console", (message) => {
    const isBad = ["error", "warning", "assert"].includes(message.type());
    const text = message.text();
    if (isBad && !ABOUT_THE_RENDERER.some((known) => known.test(text))) {
      found.push(`console ${message.type()}: ${text} (${message.location().url})`);
    }
  });
  context.on("page", (page) => {
    page.on("pageerror", (error) => found.push(`exception: ${error.stack ?? error}`));
    page.on("crash", () => found.push("the page crashed"));
    page.on("websocket", (socket) => {
      if (outside(socket.url())) found.push(`socket to another origin: ${socket.url()}`);
    });
  });
  await context.exposeBinding("egretTestsPolicy", (_source, breach) => {
    found.push(`content policy: ${breach}`);
  });
  await context.addInitScript(() => {
    document.addEventListener("securitypolicyviolation", (event) => {
      window.egretTestsPolicy(`${event.violatedDirective} blocks ${event.blockedURI}`);
    });
  });
  return found;
}
