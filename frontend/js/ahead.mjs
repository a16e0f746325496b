// What the program asks first is asked while it is still being loaded: who is here and, for those who
// may see the city, the catalogue and a connection. The program takes each at most once (src/ahead.rs)
// and asks by itself for whatever is not there.
//
// What is held here counts for as long as its connection stands: the server ends it, or speaks up on it,
// when what is seen of the city changes.

const ME = "/api/v1/me";
const CATALOG = "/api/v1/catalog";
/** Where a browser asks to be let in as a wall, whoever sits before it. */
const PAIR = "/pair";

/** How long an answer may take: as long as the program allows, and the program's own loading beside it
 *  on the slowest of lines. Milliseconds. */
const PATIENCE_MS = 30_000;
/** How old an answer may be that no connection vouches for. Milliseconds. */
const FRESH_MS = 5_000;
/** Messages that nobody has taken: a welcome and signs of life, on the slowest of lines. */
const MESSAGES_MAX = 1_000;

const answers = new Map();
let connection;
let isOver = false;

function ask(path) {
  const answer = fetch(path, { signal: AbortSignal.timeout(PATIENCE_MS) })
    .then(async (response) => ({ status: response.status, text: await response.text() }))
    // The program asks again, and says what is wrong if it still is.
    .catch(() => undefined);
  answers.set(path, { answer, at: performance.now() });
  return answer;
}

function sees({ status, text }) {
  if (status !== 200) return false;
  const { state, who } = JSON.parse(text);
  if (state === "open") return true;
  return state === "signed_in" && !who.must_change_password && who.rights.includes("see");
}

function connect() {
  const socket = new WebSocket(`${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/ws`);
  socket.binaryType = "arraybuffer";
  const messages = [];
  const mine = { socket, messages, isTaken: false, hasEnded: false };
  socket.onmessage = ({ data }) => {
    messages.push({ data, at: Date.now() });
    if (messages.length > MESSAGES_MAX) letGo();
  };
  // Heard also once it is taken: the catalogue is taken later.
  socket.addEventListener("close", () => (mine.hasEnded = true));
  connection = mine;
}

async function begin() {
  const me = await ask(ME);
  // Once it is over, the program asks for everything by itself.
  if (isOver || location.pathname === PAIR || !me || !sees(me)) return;
  ask(CATALOG);
  connect();
}

/** The answer to a question that was asked ahead, `{ status, text }`, or undefined if it does not come
 *  within `patienceMs`; undefined instead of a promise if it was not asked, or counts no more. */
export function answer(path, patienceMs) {
  const asked = answers.get(path);
  answers.delete(path);
  if (!asked || connection?.hasEnded) return undefined;
  if (!connection && performance.now() - asked.at > FRESH_MS) return undefined;
  const never = new Promise((resolve) => setTimeout(resolve, patienceMs));
  return Promise.race([asked.answer, never]);
}

/** The connection, `{ socket, messages }` with what has come by it as `{ data, at }`, oldest first;
 *  undefined if there is none. Whoever takes it has to listen at once. */
export function take() {
  const mine = connection;
  // Whoever asks opens one now: another that came later would never be taken.
  if (!mine) isOver = true;
  if (!mine || mine.isTaken || mine.hasEnded) return undefined;
  mine.isTaken = true;
  mine.socket.onmessage = null;
  return mine;
}

/** Nothing will be taken any more. */
export function letGo() {
  isOver = true;
  answers.clear();
  take()?.socket.close();
}

begin().catch(() => letGo());
