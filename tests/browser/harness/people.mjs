// People by REST: accounts that a test needs ready, and what an admin changes behind a page's back.
import assert from "node:assert/strict";

const FIRST_PASSWORD = "changed at once";

/** A client with a session, as a browser has it. */
class Client {
  #server;
  #cookies = new Map();

  constructor(server) {
    this.#server = server;
  }

  /** What a request is answered with; fails unless that is a success. */
  async ask(method, path, body) {
    const response = await fetch(this.#server.url(`/api/v1${path}`), {
      method,
      headers: {
        "content-type": "application/json",
        "x-egret": "1",
        cookie: [...this.#cookies].map((pair) => pair.join("=")).join("; "),
      },
      body: body && JSON.stringify(body),
    });
    for (const line of response.headers.getSetCookie()) {
      const [name, value] = line.split(";")[0].split(/=(.*)/s);
      this.#cookies.set(name, value);
    }
    const text = await response.text();
    assert.ok(response.ok, `${method} ${path}: ${response.status} ${text}`);
    return text === "" ? undefined : JSON.parse(text);
  }
}

/** Somebody who is signed in. */
export async function signedIn(server, name, password) {
  const client = new Client(server);
  await client.ask("POST", "/sign-in", { name, password });
  return client;
}

/** Makes an account that has changed its first password already; gives its row. */
export async function account(admin, server, name, password, grants) {
  const row = await admin.ask("POST", "/admin/users", { name, password: FIRST_PASSWORD, grants });
  const client = await signedIn(server, name, FIRST_PASSWORD);
  await client.ask("POST", "/me/password", { old: FIRST_PASSWORD, new: password });
  return row;
}

/** A grant over everything up to a class, but for `narrower`. */
export function grant(role, narrower = {}) {
  return { role, areas: "all", departments: "all", up_to: "sensitive", ...narrower };
}

/** Fills the sign-in form of a page that shows it in English, and sends it. */
export async function fillSignIn(page, name, password) {
  await page.getByLabel("User name").fill(name);
  await page.getByLabel("Password", { exact: true }).fill(password);
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
}
