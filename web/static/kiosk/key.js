// The machine's own key: made here, kept by the browser in a form no script can read out, good for signing only.
const NAME = "motcua-kiosk";
const text = (value) => new TextEncoder().encode(value);

function base64url(bytes) {
  return btoa(String.fromCharCode(...new Uint8Array(bytes))).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

function opened() {
  return new Promise((resolve, reject) => {
    const asked = indexedDB.open(NAME, 1);
    asked.onupgradeneeded = () => asked.result.createObjectStore("keys");
    asked.onsuccess = () => resolve(asked.result);
    asked.onerror = () => reject(asked.error);
  });
}

async function inStore(mode, act) {
  const database = await opened();
  try {
    return await new Promise((resolve, reject) => {
      const done = act(database.transaction("keys", mode).objectStore("keys"));
      done.onsuccess = () => resolve(done.result);
      done.onerror = () => reject(done.error);
    });
  } finally {
    database.close();
  }
}

// The pair, or undefined on a machine that has none.
export const pair = () => inStore("readonly", (store) => store.get("own"));

// Takes the place of any other: a machine that was taken out of service comes back with a new one.
export async function make() {
  const made = await crypto.subtle.generateKey({ name: "ECDSA", namedCurve: "P-256" }, false, ["sign", "verify"]);
  await inStore("readwrite", (store) => store.put(made, "own"));
}

async function publicKey(keys) {
  const { kty, crv, x, y } = await crypto.subtle.exportKey("jwk", keys.publicKey);
  return { kty, crv, x, y };
}

async function signed(header, claims) {
  const keys = await pair();
  const jwk = header.typ ? { jwk: await publicKey(keys) } : {};
  const said = [{ alg: "ES256", ...header, ...jwk }, { jti: crypto.randomUUID(), ...claims }].map((part) => base64url(text(JSON.stringify(part)))).join(".");
  const signature = await crypto.subtle.sign({ name: "ECDSA", hash: "SHA-256" }, keys.privateKey, text(said));
  return `${said}.${base64url(signature)}`;
}

const seconds = () => Math.floor(Date.now() / 1000);

// RFC 9449: this call is made by whoever holds the key.
async function proof(method, address, token) {
  const claims = { htm: method, htu: address, iat: seconds() };
  if (token) claims.ath = base64url(await crypto.subtle.digest("SHA-256", text(token)));
  return signed({ typ: "dpop+jwt" }, claims);
}

// RFC 7523: this client, now, to this issuer.
export const assertion = (client, issuer) => signed({}, { iss: client, sub: client, aud: issuer, iat: seconds(), exp: seconds() + 60 });

// A call with a proof; the answer as it came.
export async function call(issuer, path, { token, ...rest } = {}) {
  const headers = { ...rest.headers, DPoP: await proof("POST", issuer + path, token) };
  if (token) headers.Authorization = `DPoP ${token}`;
  return fetch(path, { method: "POST", ...rest, headers, cache: "no-store", credentials: "omit" });
}

// How it stands with this machine: `strange` without a key, or with one that is no longer wanted.
export async function standing(issuer) {
  const keys = await pair();
  if (!keys) return { state: "strange" };
  const answer = await call(issuer, "/v1/kiosks", {
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ key: await publicKey(keys) }),
  });
  if (answer.status === 422) return { state: "strange" };
  // A proof is good for a minute around the server's own time.
  if (answer.status === 400) return { state: "clock" };
  if (!answer.ok) throw new Error(`asked how it stands: ${answer.status}`);
  return answer.json();
}

// The kiosk's own token for one kind of thing, bound to its key; kept by nobody but the caller.
export async function ownToken(issuer, scope) {
  const { client_id: client } = await standing(issuer);
  if (!client) throw new Error("not a kiosk");
  const form = new URLSearchParams({
    grant_type: "client_credentials",
    scope,
    client_assertion_type: "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
    client_assertion: await assertion(client, issuer),
  });
  const answer = await call(issuer, "/v1/oauth/token", { body: form });
  if (!answer.ok) throw new Error(`asked for a token: ${answer.status}`);
  return (await answer.json()).access_token;
}
