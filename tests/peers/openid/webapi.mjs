// npm `oauth4webapi` against a running sandbox: node webapi.mjs BASE_URL SECRET_OF_PARTNER_SERVER SECRET_OF_KIOSK
// The library of single steps: each answer is validated by it before the next is asked. Prints one line of JSON.
import * as oauth from 'oauth4webapi'
import { allowDevice, at, browse, signIn } from './browser.mjs'

const [base, secret, kioskSecret] = process.argv.slice(2)
at(base, '+84900000012')

const insecure = { [oauth.allowInsecureRequests]: true } // the sandbox is http on loopback
const issuer = new URL(base)
const as = await oauth.processDiscoveryResponse(issuer, await oauth.discoveryRequest(issuer, insecure))
const scope = 'openid profile offline_access'
const accepted = {}

async function run({ client, auth, redirect_uri, pushed, DPoP }) {
  const options = { ...insecure, DPoP }
  const [verifier, state, nonce] = [oauth.generateRandomCodeVerifier(), oauth.generateRandomState(), oauth.generateRandomNonce()]
  const asked = {
    client_id: client.client_id, redirect_uri, response_type: 'code', scope, state, nonce, max_age: '3600',
    code_challenge: await oauth.calculatePKCECodeChallenge(verifier), code_challenge_method: 'S256',
  }
  let query = asked
  if (pushed) {
    const answer = await oauth.pushedAuthorizationRequest(as, client, auth, asked, options)
    const { request_uri } = await oauth.processPushedAuthorizationResponse(as, client, answer)
    query = { client_id: client.client_id, request_uri }
  }
  const back = await signIn(`${as.authorization_endpoint}?${new URLSearchParams(query)}`, redirect_uri)
  const told = oauth.validateAuthResponse(as, client, back, state) // RFC 9207 included
  const redeemed = await oauth.authorizationCodeGrantRequest(as, client, auth, told, redirect_uri, verifier, options)
  const tokens = await oauth.processAuthorizationCodeResponse(as, client, redeemed, { expectedNonce: nonce, maxAge: 3600, requireIdToken: true })
  await oauth.validateApplicationLevelSignature(as, redeemed, insecure)
  const { sub } = oauth.getValidatedIdTokenClaims(tokens)
  const info = await oauth.userInfoRequest(as, client, tokens.access_token, options)
  const person = await oauth.processUserInfoResponse(as, client, sub, info)
  const refreshed = await oauth.refreshTokenGrantRequest(as, client, auth, tokens.refresh_token, options)
  const again = await oauth.processRefreshTokenResponse(as, client, refreshed)
  return { person, tokens, again, options }
}

{
  const client = { client_id: 'partner-server' }
  const auth = oauth.ClientSecretBasic(secret)
  const redirect_uri = 'https://school.motcua.test/callback'
  for (const way of ['plain', 'pushed']) {
    const { person, tokens, again } = await run({ client, auth, redirect_uri, pushed: way === 'pushed' })
    const active = async () => (await oauth.processIntrospectionResponse(as, client, await oauth.introspectionRequest(as, client, auth, again.access_token, insecure))).active
    const before = await active()
    await browse(`${as.end_session_endpoint}?${new URLSearchParams({ id_token_hint: again.id_token })}`)
    const after = await active()
    await oauth.processRevocationResponse(await oauth.revocationRequest(as, client, auth, again.refresh_token, insecure))
    accepted[way] = { name: person.name, rotated: again.refresh_token !== tokens.refresh_token, active: [before, after] }
  }
}

{
  const client = { client_id: 'partner-app' }
  const DPoP = oauth.DPoP(client, await oauth.generateKeyPair('ES256'))
  const { person, again, options } = await run({ client, auth: oauth.None(), redirect_uri: 'http://127.0.0.1:51004/callback', pushed: true, DPoP })
  const once = await oauth.protectedResourceRequest(again.access_token, 'GET', new URL(as.userinfo_endpoint), undefined, undefined, options)
  accepted.bound = { name: person.name, type: again.token_type, answered: once.status }
}

{
  const client = { client_id: 'kiosk-sai-gon' }
  const auth = oauth.ClientSecretBasic(kioskSecret)
  const started = await oauth.deviceAuthorizationRequest(as, client, auth, { scope: 'openid profile' }, insecure)
  const shown = await oauth.processDeviceAuthorizationResponse(as, client, started)
  const ask = async () => oauth.processDeviceCodeResponse(as, client, await oauth.deviceCodeGrantRequest(as, client, auth, shown.device_code, insecure))
  const early = await ask().catch((error) => error.error)
  await allowDevice(shown.verification_uri_complete)
  await new Promise((waited) => setTimeout(waited, shown.interval * 1000))
  const tokens = await ask()
  const { sub } = oauth.getValidatedIdTokenClaims(tokens)
  const person = await oauth.processUserInfoResponse(as, client, sub, await oauth.userInfoRequest(as, client, tokens.access_token, insecure))
  accepted.device = { name: person.name, early, refreshed: 'refresh_token' in tokens }
}

console.log(JSON.stringify(accepted))
