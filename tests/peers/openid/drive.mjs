// npm `openid-client` against a running sandbox: node drive.mjs BASE_URL SECRET_OF_PARTNER_SERVER
// Signs in as a citizen would, page by page, and prints one line of JSON with what the library accepted.
import * as client from 'openid-client'

const [base, secret] = process.argv.slice(2)
const LOGIN = '+84900000011'
const cookies = new Map()
const usedCodes = new Set()

async function browse(url, options = {}) {
  const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ')
  const answer = await fetch(url, { redirect: 'manual', ...options, headers: { cookie } })
  for (const line of answer.headers.getSetCookie()) {
    const [name, value] = line.split(';')[0].split(/=(.*)/s)
    cookies.set(name, value)
  }
  return answer
}

function formOf(page, ending) {
  for (const [, attributes, inside] of page.matchAll(/<form([^>]*)>(.*?)<\/form>/gs)) {
    const action = attributes.match(/action="([^"]*)"/)[1].replaceAll('&amp;', '&')
    if (!action.split('?')[0].endsWith(ending)) continue
    const hidden = [...inside.matchAll(/<input type="hidden" name="([^"]*)" value="([^"]*)"/g)]
    return { action: new URL(action, base), fields: hidden.map(([, name, value]) => [name, value]) }
  }
  return null
}

function send(form, ...fields) {
  return browse(form.action, { method: 'POST', body: new URLSearchParams([...form.fields, ...fields]) })
}

async function newestCode() {
  for (let tries = 0; tries < 100; tries++) {
    const letters = await (await fetch(`${base}/sandbox/inbox.json`)).json()
    const letter = letters.find((one) => one.event === 'one-time-code' && one.to === LOGIN && !usedCodes.has(one.text))
    if (letter) {
      usedCodes.add(letter.text)
      return letter.text.match(/\b(\d{6})\b/)[1]
    }
    await new Promise((done) => setTimeout(done, 200))
  }
  throw new Error('no code came')
}

/** The address the app is called back by, after whatever pages stand between. */
async function signIn(url, callback) {
  let answer = await browse(url)
  for (let steps = 0; steps < 10; steps++) {
    const next = answer.headers.get('location')
    if (next?.startsWith(callback)) return new URL(next)
    if (next) {
      answer = await browse(new URL(next, base))
      continue
    }
    const page = await answer.text()
    let form
    if ((form = formOf(page, '/login'))) answer = await send(form, ['login', LOGIN])
    else if ((form = formOf(page, '/code'))) answer = await send(form, ['code', await newestCode()])
    else if ((form = formOf(page, '/consent'))) answer = await send(form, ['allow', 'profile'], ['allow', 'offline_access'])
    else throw new Error(`${answer.status} ${page}`)
  }
  throw new Error('it leads nowhere')
}

async function challenge() {
  const verifier = client.randomPKCECodeVerifier()
  return { verifier, sent: { code_challenge: await client.calculatePKCECodeChallenge(verifier), code_challenge_method: 'S256' } }
}

const insecure = { execute: [client.allowInsecureRequests] } // the sandbox is http on loopback
const scope = 'openid profile offline_access'
const accepted = {}

{
  const redirect_uri = 'https://school.motcua.test/callback'
  const server = await client.discovery(new URL(base), 'partner-server', undefined, client.ClientSecretBasic(secret), insecure)
  for (const way of ['plain', 'pushed']) {
    const { verifier, sent } = await challenge()
    const [state, nonce] = [client.randomState(), client.randomNonce()]
    const asked = { redirect_uri, scope, state, nonce, ...sent }
    const url = way === 'pushed' ? await client.buildAuthorizationUrlWithPAR(server, asked) : client.buildAuthorizationUrl(server, asked)
    const back = await signIn(url, redirect_uri)
    const tokens = await client.authorizationCodeGrant(server, back, {
      pkceCodeVerifier: verifier, expectedState: state, expectedNonce: nonce, idTokenExpected: true,
    })
    const person = await client.fetchUserInfo(server, tokens.access_token, tokens.claims().sub)
    const again = await client.refreshTokenGrant(server, tokens.refresh_token)
    const before = await client.tokenIntrospection(server, again.access_token)
    await browse(client.buildEndSessionUrl(server, { id_token_hint: again.id_token }))
    const after = await client.tokenIntrospection(server, again.access_token)
    await client.tokenRevocation(server, again.refresh_token)
    accepted[way] = { name: person.name, rotated: again.refresh_token !== tokens.refresh_token, active: [before.active, after.active] }
  }
}

{
  const redirect_uri = 'http://127.0.0.1:51004/callback'
  const phone = await client.discovery(new URL(base), 'partner-app', undefined, client.None(), insecure)
  const DPoP = client.getDPoPHandle(phone, await client.randomDPoPKeyPair('ES256'))
  const { verifier, sent } = await challenge()
  const asked = { redirect_uri, scope, max_age: '3600', ...sent }
  const back = await signIn(await client.buildAuthorizationUrlWithPAR(phone, asked, { DPoP }), redirect_uri)
  const checks = { pkceCodeVerifier: verifier, maxAge: 3600, idTokenExpected: true }
  const tokens = await client.authorizationCodeGrant(phone, back, checks, undefined, { DPoP })
  const person = await client.fetchUserInfo(phone, tokens.access_token, tokens.claims().sub, { DPoP })
  const again = await client.refreshTokenGrant(phone, tokens.refresh_token, undefined, { DPoP })
  accepted.bound = { name: person.name, type: again.token_type }
}

console.log(JSON.stringify(accepted))
