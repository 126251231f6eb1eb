import { randomBytes, type ScryptOptions, scrypt, timingSafeEqual } from 'node:crypto'
import { promisify } from 'node:util'
import { ProblemError } from '@faultline/service-kit'
import { BulkheadRejectedError, bulkhead } from 'cockatiel'

const deriveKey = promisify<string, Buffer, number, ScryptOptions, Buffer>(scrypt)

/** Cost of a hash: N = 2^ln, block size, parallelization. */
export interface ScryptCost {
  readonly ln: number
  readonly r: number
  readonly p: number
}

/**
 * One of the settings that OWASP names as equally strong; of them the one with 16 MiB a hash, as a few sign-ins at
 * once must not cost a small machine half its memory.
 *
 * @see https://cheatsheetseries.owasp.org/cheatsheets/Password_Storage_Cheat_Sheet.html#scrypt
 */
export const PASSWORD_COST: ScryptCost = { ln: 14, r: 8, p: 5 }

const SALT_BYTES = 16
const HASH_BYTES = 32

/** A hash in the PHC string format, which carries its salt and cost: the cost can be raised without a migration. */
const PHC = /^\$scrypt\$ln=(\d{1,2}),r=(\d{1,2}),p=(\d{1,2})\$([A-Za-z0-9+/]+)\$([A-Za-z0-9+/]+)$/

const base64 = (bytes: Buffer) => bytes.toString('base64').replace(/=+$/, '')

/** A hash takes 128·r·(N + p) bytes and some; the limit, which is there against wrong costs, leaves room. */
const options = ({ ln, r, p }: ScryptCost): ScryptOptions => ({
  N: 2 ** ln,
  r,
  p,
  maxmem: 2 * 128 * r * (2 ** ln + p) + 65_536,
})

export async function hashPassword(password: string, cost: ScryptCost = PASSWORD_COST): Promise<string> {
  const salt = randomBytes(SALT_BYTES)
  const hash = await deriveKey(password.normalize('NFKC'), salt, HASH_BYTES, options(cost))
  return `$scrypt$ln=${cost.ln},r=${cost.r},p=${cost.p}$${base64(salt)}$${base64(hash)}`
}

/** @throws Error when the stored hash is not one of {@link hashPassword}'s */
export async function matchesHash(password: string, stored: string): Promise<boolean> {
  const [, ln, r, p, salt, hash] = PHC.exec(stored) ?? []
  if (salt === undefined || hash === undefined) throw new Error('the stored password hash is malformed')
  const expected = Buffer.from(hash, 'base64')
  const cost = { ln: Number(ln), r: Number(r), p: Number(p) }
  const actual = await deriveKey(
    password.normalize('NFKC'),
    Buffer.from(salt, 'base64'),
    expected.length,
    options(cost),
  )
  return timingSafeEqual(actual, expected)
}

export interface PasswordsOptions {
  /** Hashes at a time: they take the thread pool, which the rest of the process needs too. */
  maxConcurrent?: number
  /** Sign-ins that wait for their turn; further ones are refused at once. */
  maxWaiting?: number
}

export type Passwords = ReturnType<typeof createPasswords>

export function createPasswords({ maxConcurrent = 2, maxWaiting = 48 }: PasswordsOptions = {}) {
  const limit = bulkhead(maxConcurrent, maxWaiting)
  // A hash of what nobody knows, made when it is first needed.
  let dummy: Promise<string> | undefined
  return {
    /**
     * Whether the password is the user's. Takes as long when there is no such user: the time an answer takes tells
     * nobody which names exist.
     *
     * @param storedHash undefined when there is no such user
     * @throws ProblemError 503 when too many sign-ins wait already
     */
    async verify(password: string, storedHash: string | undefined): Promise<boolean> {
      try {
        return await limit.execute(async () => {
          dummy ??= hashPassword(randomBytes(32).toString('base64'))
          const matches = await matchesHash(password, storedHash ?? (await dummy))
          return matches && storedHash !== undefined
        })
      } catch (error) {
        if (error instanceof BulkheadRejectedError) throw tooManySignIns()
        throw error
      }
    },
  }
}

function tooManySignIns(): ProblemError {
  return new ProblemError({
    status: 503,
    type: 'overloaded',
    title: 'The service has more work than it can do',
    detail: 'too many sign-ins are under way',
    headers: { 'retry-after': '2' },
  })
}
