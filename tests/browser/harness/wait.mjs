// Waiting for a condition, never for a length of time.

/** How often a condition outside the browser is looked at. Milliseconds. */
const LOOK_MS = 20;

/**
 * The first truthy answer of `look`, asked again and again for at most `deadlineMs`.
 * `what` names the condition in the error; the error ends with the last answer or failure.
 */
export async function until(what, look, deadlineMs = 10_000) {
  const begun = Date.now();
  let last;
  for (;;) {
    try {
      last = await look();
      if (last) return last;
    } catch (error) {
      last = error;
    }
    if (Date.now() - begun > deadlineMs) {
      throw new Error(`after ${deadlineMs} ms still not: ${what} (last: ${String(last)})`);
    }
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
}

/** The middle one of some figures. */
export function median(figures) {
  const sorted = [...figures].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)];
}
