import { randomUUID } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { USER_TOKEN_AUDIENCE, USER_TOKEN_ISSUER } from '@faultline/contracts'
import { exportJWK, generateKeyPair, SignJWT } from 'jose'
import { TOKEN_ALGORITHM, TOKEN_TYPE } from '../auth/token-verifier.ts'

/** Stands for the gateway as far as other services see it: signs users' tokens and publishes the key. */
export interface TestUsers extends AsyncDisposable {
  readonly jwksUrl: string
  /** A user's access token; `orders:read orders:write` by default. */
  token(userId?: string, claims?: { scope?: string; sessionId?: string | undefined }): Promise<string>
}

export async function startUsers(): Promise<TestUsers> {
  const { privateKey, publicKey } = await generateKeyPair(TOKEN_ALGORITHM)
  const jwk = { ...(await exportJWK(publicKey)), kid: 'test', alg: TOKEN_ALGORITHM, use: 'sig' }
  const server = createServer((_req, res) => {
    res.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ keys: [jwk] }))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    jwksUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}/.well-known/jwks.json`,
    token: (userId = randomUUID(), claims = {}) => {
      const { scope, sessionId } = { scope: 'orders:read orders:write', sessionId: randomUUID(), ...claims }
      return new SignJWT({ scope, ...(sessionId !== undefined && { sid: sessionId }) })
        .setProtectedHeader({ alg: TOKEN_ALGORITHM, typ: TOKEN_TYPE, kid: 'test' })
        .setIssuer(USER_TOKEN_ISSUER)
        .setAudience(USER_TOKEN_AUDIENCE)
        .setSubject(userId)
        .setIssuedAt()
        .setExpirationTime('5 min')
        .sign(privateKey)
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
