import { describe, expect, it } from 'vitest'
import { createKeyVault } from './stored-keys.ts'

const SECRET = 'a secret of the environment, 32 long'
const vault = createKeyVault(SECRET, 'gateway')

describe('createKeyVault', () => {
  it('opens what it sealed, and shows nothing of it in what is stored', async () => {
    const sealed = await vault.generate()
    expect((await vault.open(sealed)).type).toBe('private')
    expect(sealed.publicJwk).toMatchObject({ kid: sealed.kid, alg: 'ES256', use: 'sig', kty: 'EC' })
    expect(sealed.publicJwk).not.toHaveProperty('d')
    expect(Buffer.from(sealed.privateJwe, 'base64url').toString('latin1')).not.toContain('"d"')
  })

  it('does not open what was sealed with another secret or by another service, changed, or stored for another key', async () => {
    const [one, two] = [await vault.generate(), await vault.generate()]
    await expect(createKeyVault('another secret of the environment', 'gateway').open(one)).rejects.toThrow()
    await expect(createKeyVault(SECRET, 'booking').open(one)).rejects.toThrow()
    await expect(vault.open({ ...one, privateJwe: `${one.privateJwe.slice(0, -4)}AAAA` })).rejects.toThrow()
    await expect(vault.open({ ...one, privateJwe: two.privateJwe })).rejects.toThrow('another key')
  })
})
