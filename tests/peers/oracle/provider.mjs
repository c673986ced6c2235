// npm `oidc-provider` on loopback: node provider.mjs SETTINGS.json, prints its address when it listens.
// SETTINGS: { clients: [client metadata], scopes: [names], jwt: true when access tokens shall be JWT by ES256 }
// Whoever comes to the sign-in page with ?go is signed in and allows everything: what is compared is the protocol.
import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import Provider, { errors, interactionPolicy } from 'oidc-provider'
import MemoryAdapter from 'oidc-provider/lib/adapters/memory_adapter.js'

const settings = JSON.parse(readFileSync(process.argv[2]))
// The default keeps 1,000 entries and forgets the rest.
const entries = new Map()
class MapAdapter extends MemoryAdapter {
  constructor(model) {
    super(model, entries)
  }
}

const key = { ...generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ format: 'jwk' }), alg: 'ES256', use: 'sig' }
const server = createServer()
await new Promise((listening) => server.listen(Number(process.argv[3] ?? 0), '127.0.0.1', listening))
const issuer = `http://127.0.0.1:${server.address().port}`

const policy = interactionPolicy.base()
policy.get('consent').checks.remove('native_client_prompt')

const jwt = {
  defaultResource: () => issuer,
  useGrantedResource: () => true,
  getResourceServerInfo: () => ({
    scope: settings.scopes.join(' '), audience: issuer, accessTokenTTL: 600, accessTokenFormat: 'jwt', jwt: { sign: { alg: 'ES256' } },
  }),
}

// Of other services nobody has heard here.
const alone = {
  defaultResource: () => undefined,
  useGrantedResource: () => false,
  getResourceServerInfo: () => { throw new errors.InvalidTarget() },
}

const provider = new Provider(issuer, {
  adapter: MapAdapter,
  clients: settings.clients,
  jwks: { keys: [key] },
  scopes: settings.scopes,
  claims: { openid: ['sub'], profile: ['name', 'birthdate', 'gender', 'locale'] },
  responseTypes: ['code'],
  clientAuthMethods: ['client_secret_basic', 'client_secret_post', 'private_key_jwt', 'none'],
  enabledJWA: { clientAuthSigningAlgValues: ['ES256'], idTokenSigningAlgValues: ['ES256'], dPoPSigningAlgValues: ['ES256'] },
  clientDefaults: { id_token_signed_response_alg: 'ES256', response_types: ['code'] },
  cookies: { keys: [randomBytes(16).toString('hex')] },
  pkce: { required: () => true },
  rotateRefreshToken: () => true,
  expiresWithSession: () => false,
  ttl: { AccessToken: 600, AuthorizationCode: 600, ClientCredentials: 600, DeviceCode: 300, Grant: 86400, IdToken: 600, Interaction: 600, RefreshToken: 86400, Session: 86400 },
  issueRefreshToken: (_, client) => client.grantTypeAllowed('refresh_token'),
  revokeGrantPolicy: () => true,
  conformIdTokenClaims: true,
  interactions: { policy, url: (_, interaction) => `/interaction/${interaction.uid}` },
  // Each code has a grant of its own, as ours has: what ends one leaves the others.
  async loadExistingGrant({ oidc }) {
    const grant = new oidc.provider.Grant({ accountId: oidc.session.accountId, clientId: oidc.client.clientId })
    grant.addOIDCScope([...oidc.requestParamScopes].join(' '))
    if (settings.jwt) grant.addResourceScope(issuer, [...oidc.requestParamScopes].join(' '))
    await grant.save()
    return grant
  },
  findAccount: (_, sub) => ({ accountId: sub, claims: () => ({ sub, name: 'Nguyễn Thị Hồng Thắm', birthdate: '1994-05-14', gender: 'female', locale: 'vi' }) }),
  features: {
    devInteractions: { enabled: false },
    clientCredentials: { enabled: true },
    deviceFlow: { enabled: true },
    dPoP: { enabled: true },
    introspection: { enabled: true, allowedPolicy: (_, client, token) => token.clientId === client.clientId },
    revocation: { enabled: true },
    pushedAuthorizationRequests: { enabled: true },
    rpInitiatedLogout: { enabled: true },
    claimsParameter: { enabled: true },
    resourceIndicators: { enabled: true, ...(settings.jwt ? jwt : alone) },
  },
})
provider.on('server_error', (_, error) => console.error(error))

async function signIn(req, res) {
  await provider.interactionFinished(req, res, { login: { accountId: 'parent' } })
}

const answer = provider.callback()
server.on('request', (req, res) => {
  if (!req.url.startsWith('/interaction/')) return answer(req, res)
  if (req.url.endsWith('?go')) return signIn(req, res).catch((error) => res.writeHead(500).end(String(error)))
  return res.writeHead(200, { 'content-type': 'text/html; charset=utf-8', 'cache-control': 'no-store' }).end('<title>sign in</title>')
})
console.log(issuer)
