import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createPasswords, hashPassword, matchesHash, PASSWORD_COST } from './passwords.ts'

/** Cheap, so that many can be tried. */
const CHEAP = { ln: 1, r: 1, p: 1 }

describe('hashPassword', () => {
  it('is matched by the same password only', async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), async (a, b) => {
        const hash = await hashPassword(a, CHEAP)
        expect(await matchesHash(a, hash)).toBe(true)
        if (a.normalize('NFKC') !== b.normalize('NFKC')) expect(await matchesHash(b, hash)).toBe(false)
      }),
    )
    // Three hashes a run, on a machine that may be busy.
  }, 30_000)

  it('differs for the same password, and says what it cost', async () => {
    const [one, two] = [await hashPassword('secret', CHEAP), await hashPassword('secret', CHEAP)]
    expect(one).not.toBe(two)
    expect(one).toMatch(/^\$scrypt\$ln=1,r=1,p=1\$/)
  })

  it("costs what OWASP's cheat sheet asks for", async () => {
    expect(PASSWORD_COST).toEqual({ ln: 14, r: 8, p: 5 })
    expect(await hashPassword('secret')).toMatch(/^\$scrypt\$ln=14,r=8,p=5\$/)
  })

  it.each(['', 'secret', '$scrypt$ln=1,r=1,p=1$$', '$argon2id$v=19$m=1$abc$def'])(
    'is not taken for a hash: %j',
    async (stored) => {
      await expect(matchesHash('secret', stored)).rejects.toThrow('malformed')
    },
  )
})

describe('createPasswords', () => {
  it('lets nobody in without a stored hash', async () => {
    expect(await createPasswords().verify('secret', undefined)).toBe(false)
  })

  it('refuses sign-ins past those that may wait, with a problem that says when to come again', async () => {
    const passwords = createPasswords({ maxConcurrent: 1, maxWaiting: 1 })
    const hash = await hashPassword('secret', CHEAP)
    const outcomes = await Promise.allSettled([1, 2, 3].map(() => passwords.verify('secret', hash)))
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected'])
    expect(outcomes[2]).toMatchObject({ reason: { status: 503, headers: { 'retry-after': '2' } } })
  })
})
