// npm `openid-client` against a running sandbox: node drive.mjs BASE_URL SECRET_OF_PARTNER_SERVER SECRET_OF_KIOSK
// Signs in as a citizen would, page by page, and prints one line of JSON with what the library accepted.
import * as client from 'openid-client'
import { allowDevice, at, browse, signIn } from './browser.mjs'

const [base, secret, kioskSecret] = process.argv.slice(2)
at(base, '+84900000011')

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

{
  const kiosk = await client.discovery(new URL(base), 'kiosk-sai-gon', undefined, client.ClientSecretBasic(kioskSecret), insecure)
  const shown = await client.initiateDeviceAuthorization(kiosk, { scope: 'openid profile' })
  const waiting = client.pollDeviceAuthorizationGrant(kiosk, shown)
  await allowDevice(shown.verification_uri_complete)
  const tokens = await waiting
  const person = await client.fetchUserInfo(kiosk, tokens.access_token, tokens.claims().sub)
  accepted.device = { name: person.name, refreshed: 'refresh_token' in tokens }
}

console.log(JSON.stringify(accepted))
