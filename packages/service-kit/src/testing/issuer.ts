import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { exportJWK, generateKeyPair } from 'jose'
import { TOKEN_ALGORITHM } from '../auth/token-verifier.ts'
import type { TrustedKey } from './bad-tokens.ts'

/** Somebody whose tokens are taken: a key and the place where its public part is published. */
export interface TestIssuer extends AsyncDisposable {
  readonly jwksUrl: string
  readonly key: TrustedKey
}

export async function startIssuer(): Promise<TestIssuer> {
  const kid = 'test'
  const { privateKey, publicKey } = await generateKeyPair(TOKEN_ALGORITHM)
  const publicJwk = { ...(await exportJWK(publicKey)), kid, alg: TOKEN_ALGORITHM, use: 'sig' }
  const server = createServer((_req, res) => {
    res.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ keys: [publicJwk] }))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    jwksUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}/.well-known/jwks.json`,
    key: { kid, privateKey, publicJwk },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
