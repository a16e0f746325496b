// What the program asks first, asked while it is itself still on its way: who is here, and if that is
// somebody, the catalogue. The program takes the answers (src/api/early.rs); what is no longer wanted
// by then is asked by nobody twice.

const ME = "/api/v1/me";
const CATALOG = "/api/v1/catalog";
/** How long an answer may take, as in src/api/request.rs. Milliseconds. */
const PATIENCE_MS = 10_000;
/** An answer that has lain here for longer is not the newest any more. Milliseconds. */
const FRESH_MS = 5_000;

const asked = new Map();
const taken = new Set();

/** The answer with all of its body: it lies here for as long as the program takes to come. */
async function whole(path) {
  const answer = await fetch(path, { signal: AbortSignal.timeout(PATIENCE_MS) });
  return new Response(await answer.arrayBuffer(), answer);
}

function ask(path) {
  if (taken.has(path)) return;
  const answer = whole(path);
  // Who takes it hears of a failure.
  answer.catch(() => {});
  asked.set(path, { answer, at: performance.now() });
}

/** The answer to a question that was asked early; each once. */
export function take(path) {
  if (path !== ME && path !== CATALOG) return undefined;
  taken.add(path);
  const found = asked.get(path);
  asked.delete(path);
  return found && performance.now() - found.at < FRESH_MS ? found.answer : undefined;
}

async function begin() {
  ask(ME);
  const answer = await asked.get(ME).answer;
  if (!answer.ok) return;
  const { state, who } = await answer.clone().json();
  const isIn = state === "signed_in" && !who.must_change_password;
  if (state === "open" || (isIn && who.rights.includes("see"))) ask(CATALOG);
}

begin().catch(() => {});
