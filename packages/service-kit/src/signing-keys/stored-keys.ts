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
import type { Deadline } from '../app/deadline.ts'
import { TOKEN_ALGORITHM } from '../auth/token-verifier.ts'
import type { Database, Queryable } from '../postgres/database.ts'

/** A private key that cannot be had from the database alone, and its public part. */
export interface SealedKey {
  readonly kid: string
  readonly publicJwk: JWK
  readonly privateJwe: string
}

const ENCRYPTION = { alg: 'dir', enc: 'A256GCM' } as const

/**
 * Makes signing keys and keeps their private parts encrypted outside of the process.
 *
 * @param secret from the environment; long and random, as it is stretched no further
 * @param service whose keys they are: what one service has sealed another cannot open, with the same secret
 */
export function createKeyVault(secret: string, service: string) {
  const key = new Uint8Array(hkdfSync('sha256', secret, '', `faultline ${service} signing keys`, 32))
  return {
    async generate(): Promise<SealedKey> {
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
    /** @throws Error when it was sealed with another secret, or was changed */
    async open({ kid, privateJwe }: SealedKey): Promise<CryptoKey> {
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

/** A signing key as stored: the private part is encrypted. */
export interface StoredKey extends SealedKey {
  readonly createdAtMs: number
  readonly signsFromMs: number
}

/** Of the advisory lock that rotation takes, with the schema: any number that nothing else in the database uses. */
const ROTATION_LOCK = 4_711

const LIST = `
  SELECT kid, public_jwk AS "publicJwk", private_jwe AS "privateJwe",
         extract(epoch FROM created_at)::float8 * 1000 AS "createdAtMs",
         extract(epoch FROM signs_from)::float8 * 1000 AS "signsFromMs"
  FROM signing_keys`

/** @param database whose schema has the table `signing_keys` */
export function createSigningKeyRepository(database: Database) {
  const list = (on: Queryable, deadline: Deadline) =>
    on.query<StoredKey>({ name: 'list-signing-keys', text: LIST, values: [] }, deadline)
  return {
    list: (deadline: Deadline) => list(database, deadline),
    /**
     * Lets `decide` say what to add and remove, with no other replica deciding at the same time.
     *
     * @returns the keys as they are afterwards
     */
    change: (
      decide: (
        keys: readonly StoredKey[],
      ) => Promise<{ add?: StoredKey | undefined; remove: readonly string[] }>,
      deadline: Deadline,
    ) =>
      database.transaction(async (transaction) => {
        await transaction.query(
          { text: 'SELECT pg_advisory_xact_lock($1, hashtext(current_schema()))', values: [ROTATION_LOCK] },
          deadline,
        )
        const keys = await list(transaction, deadline)
        const { add, remove } = await decide(keys)
        if (remove.length > 0) {
          const text = 'DELETE FROM signing_keys WHERE kid = ANY($1)'
          await transaction.query({ text, values: [remove] }, deadline)
        }
        if (add) await insert(transaction, add, deadline)
        return keys.filter(({ kid }) => !remove.includes(kid)).concat(add ?? [])
      }, deadline),
  }
}

async function insert(transaction: Queryable, key: StoredKey, deadline: Deadline): Promise<void> {
  await transaction.query(
    {
      text: `INSERT INTO signing_keys (kid, public_jwk, private_jwe, created_at, signs_from)
             VALUES ($1, $2, $3, to_timestamp($4::float8 / 1000), to_timestamp($5::float8 / 1000))`,
      values: [key.kid, key.publicJwk, key.privateJwe, key.createdAtMs, key.signsFromMs],
    },
    deadline,
  )
}
