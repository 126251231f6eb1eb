import { randomUUID } from 'node:crypto'
import { type CryptoKey, exportJWK, generateKeyPair, type JSONWebKeySet } from 'jose'
import { TOKEN_ALGORITHM } from '../auth/token-verifier.ts'

/** Signing keys that live as long as the test. */
export interface TestSigningKeys {
  signer(): Promise<{ kid: string; key: CryptoKey }>
  keySet(): Promise<JSONWebKeySet>
}

export function testSigningKeys(): TestSigningKeys {
  const kid = randomUUID()
  const pair = generateKeyPair(TOKEN_ALGORITHM)
  return {
    signer: async () => ({ kid, key: (await pair).privateKey }),
    keySet: async () => {
      const jwk = await exportJWK((await pair).publicKey)
      return { keys: [{ ...jwk, kid, alg: TOKEN_ALGORITHM, use: 'sig' }] }
    },
  }
}
