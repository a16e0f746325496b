// An issuer for single sign-on: `oidc-provider`, certified and by nobody here, which takes any name
// without a password. By itself a program that says where it is:
//
//   node issuer.mjs --port 0 --redirect http://127.0.0.1/api/v1/oidc/callback
//   issuer ready http://127.0.0.1:38211
//
// A redirect address on a loopback host is good for every port of it. Its only client is `egret`
// with the secret `egret-secret`; PKCE is required. Its page has an input `login` and the buttons
// `#sign-in` and `#refuse`.
//
//   --alg RS256           how tokens are signed: also PS256, ES256, EdDSA, HS256
//   --userinfo            what is known of people is told at the userinfo endpoint alone
//   --tls CERT KEY        over https, with these PEM files
//   EGRET_ISSUER_CLAIMS   the claims of people by name, as JSON: {"lin": {"name": "林燕",
//                         "groups": ["duty"]}, "*": {"groups": []}}; `*` is everybody else, and
//                         null takes away what everybody has, `preferred_username` and `name`
import { generateKeyPairSync, randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import http from "node:http";
import https from "node:https";
import { parseArgs } from "node:util";

import Provider, { interactionPolicy } from "oidc-provider";

const CLIENT = { client_id: "egret", client_secret: "egret-secret" };
/** Largest form that is read, in bytes: a name and a button. */
const FORM_BYTES_MAX = 10_000;
const KEYS = {
  RS256: ["rsa", { modulusLength: 2048 }],
  PS256: ["rsa", { modulusLength: 2048 }],
  ES256: ["ec", { namedCurve: "P-256" }],
  EdDSA: ["ed25519", {}],
  // Signed with the client's secret; the issuer wants a key of its own nevertheless.
  HS256: ["rsa", { modulusLength: 2048 }],
};

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    port: { type: "string", default: "0" },
    redirect: { type: "string", multiple: true, default: [] },
    alg: { type: "string", default: "RS256" },
    userinfo: { type: "boolean", default: false },
    tls: { type: "string" },
  },
});
const claims = JSON.parse(process.env.EGRET_ISSUER_CLAIMS ?? "{}");

const server = options.tls ? https.createServer(certificate(positionals)) : http.createServer();
server.listen(Number(options.port), "127.0.0.1", () => {
  const scheme = options.tls ? "https" : "http";
  const issuer = `${scheme}://127.0.0.1:${server.address().port}`;
  const provider = new Provider(issuer, configuration());
  const others = provider.callback();
  server.on("request", (request, response) => {
    if (!request.url.startsWith("/interaction/")) return others(request, response);
    signIn(provider, request, response).catch((error) => {
      console.error(error);
      response.writeHead(400).end(`${error.error_description ?? error.message}\n`);
    });
  });
  console.log(`issuer ready ${issuer}`);
});

function certificate([key]) {
  return { cert: readFileSync(options.tls), key: readFileSync(key) };
}

function configuration() {
  const [type, parameters] = KEYS[options.alg];
  const { privateKey } = generateKeyPairSync(type, parameters);
  const key = { ...privateKey.export({ format: "jwk" }), use: "sig", kid: randomUUID() };
  const told = Object.values(claims).flatMap(Object.keys);
  const policy = interactionPolicy.base();
  policy.remove("consent");
  return {
    clients: [client()],
    jwks: { keys: [key] },
    cookies: { keys: [randomUUID()] },
    pkce: { required: () => true, methods: ["S256"] },
    scopes: ["openid", "profile"],
    claims: {
      openid: ["sub"],
      profile: [...new Set(["preferred_username", "name", "groups", ...told])],
    },
    conformIdTokenClaims: options.userinfo,
    enabledJWA: { idTokenSigningAlgValues: Object.keys(KEYS) },
    features: { devInteractions: { enabled: false } },
    interactions: { url: (_, interaction) => `/interaction/${interaction.uid}`, policy },
    findAccount: (_, id) => ({ accountId: id, claims: () => person(id) }),
    loadExistingGrant: granted,
  };
}

function client() {
  const isLoopback = (url) => new URL(url).protocol === "http:";
  return {
    ...CLIENT,
    redirect_uris: options.redirect,
    // For a native one, the port of a loopback address does not count (RFC 8252).
    application_type: options.redirect.every(isLoopback) ? "native" : "web",
    id_token_signed_response_alg: options.alg,
  };
}

/** What is known of somebody: `person-lin` is the subject of `lin`. */
function person(id) {
  const login = id.replace(/^person-/, "");
  const known = { preferred_username: login, name: login, ...(claims[login] ?? claims["*"]) };
  const told = Object.entries(known).filter(([, value]) => value !== null);
  return { sub: id, ...Object.fromEntries(told) };
}

/** Nobody is asked whether the client may know who they are: it may. */
async function granted(ctx) {
  const { client, session, provider } = ctx.oidc;
  const grant = new provider.Grant({ clientId: client.clientId, accountId: session.accountId });
  grant.addOIDCScope("openid profile");
  await grant.save();
  return grant;
}

async function signIn(provider, request, response) {
  await provider.interactionDetails(request, response);
  if (request.method !== "POST") {
    response.writeHead(200, { "content-type": "text/html; charset=utf-8" });
    response.end(PAGE);
    return;
  }
  const form = new URLSearchParams(await body(request));
  const login = form.get("login");
  const result =
    form.has("refuse") || !login
      ? { error: "access_denied", error_description: "nobody signed in" }
      : { login: { accountId: `person-${login}` } };
  await provider.interactionFinished(request, response, result);
}

async function body(request) {
  let text = "";
  for await (const chunk of request) {
    text += chunk;
    if (text.length > FORM_BYTES_MAX) throw new Error(`a form of over ${FORM_BYTES_MAX} bytes`);
  }
  return text;
}

const PAGE = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>Sign in</title>
<form method="post">
  <label>Name <input name="login" autofocus autocomplete="off"></label>
  <button id="sign-in" type="submit">Sign in</button>
  <button id="refuse" type="submit" name="refuse" value="1">Refuse</button>
</form>
</html>
`;
