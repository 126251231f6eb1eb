import { hkdfSync, randomUUID } from 'node:crypto'
import {
  CompactEncrypt,
  type CryptoKey,
  compactDecrypt,
  exportJWK,
  generateKeyPair,
  importJWK,
  type JWK,
} from 'jose'
import { TOKEN_ALGORITHM } from '../auth/token-verifier.ts'

/** A private key that cannot be had from the database alone, and its public part. */
export interface SealedKey {
  readonly kid: string
  readonly publicJwk: JWK
  readonly privateJwe: string
}

/** Makes signing keys and keeps their private parts encrypted outside of the process. */
export interface KeyVault {
  generate(): Promise<SealedKey>
  /** @throws Error when it was sealed with another secret, or was changed */
  open(sealed: SealedKey): Promise<CryptoKey>
}

const ENCRYPTION = { alg: 'dir', enc: 'A256GCM' } as const

/**
 * @param secret from the environment; long and random, as it is stretched no further
 * @param service whose keys they are: what one service has sealed another cannot open, with the same secret
 */
export function createKeyVault(secret: string, service: string): KeyVault {
  const key = new Uint8Array(hkdfSync('sha256', secret, '', `faultline ${service} signing keys`, 32))
  return {
    async generate() {
      const { publicKey, privateKey } = await generateKeyPair(TOKEN_ALGORITHM, { extractable: true })
      const kid = randomUUID()
      const publicJwk = { ...(await exportJWK(publicKey)), kid, alg: TOKEN_ALGORITHM, use: 'sig' }
      const text = new TextEncoder().encode(JSON.stringify(await exportJWK(privateKey)))
      // The key's id is bound in, so that the private parts of two rows cannot be exchanged.
      const privateJwe = await new CompactEncrypt(text)
        .setProtectedHeader({ ...ENCRYPTION, kid })
        .encrypt(key)
      return { kid, publicJwk, privateJwe }
    },
    async open({ kid, privateJwe }) {
      const { plaintext, protectedHeader } = await compactDecrypt(privateJwe, key, {
        keyManagementAlgorithms: [ENCRYPTION.alg],
        contentEncryptionAlgorithms: [ENCRYPTION.enc],
      })
      if (protectedHeader.kid !== kid) throw new Error('the private key is that of another key')
      const opened = await importJWK(JSON.parse(new TextDecoder().decode(plaintext)), TOKEN_ALGORITHM)
      if (opened instanceof Uint8Array) throw new Error('the private key is no key pair')
      return opened
    },
  }
}
