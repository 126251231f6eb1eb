import { join } from 'node:path'
import { execa } from 'execa'
import { expect, it } from 'vitest'

const MAIN = join(import.meta.dirname, '../src/main.ts')

// as of every service that defineService makes
it.each([['migrat'], ['--help'], ['constructor'], ['migrate now'], ['rotate-signing-key']])(
  'has no command %s, and says which there are',
  async (command) => {
    const { exitCode, all } = await execa(process.execPath, [MAIN, ...command.split(' ')], {
      reject: false,
      all: true,
    })
    expect(all).toContain(`payments has no command ${command}. Start it without one, or with: migrate`)
    expect(exitCode).toBe(3)
  },
)
