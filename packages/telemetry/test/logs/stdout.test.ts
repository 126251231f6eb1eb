import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'

const run = promisify(execFile)
const program = fileURLToPath(new URL('./print.ts', import.meta.url))

/** The lines of a process whose `logs` option is the expression. */
async function print(expression: string): Promise<Record<string, unknown>[]> {
  const { stdout } = await run(process.execPath, [
    program,
    encodeURIComponent(`export default ${expression}`),
  ])
  return stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>)
}

describe('standard output', () => {
  it('has the lines, and the exception of a failed request in its one line', async () => {
    const [hello, access, ...others] = await print('{}')
    expect(hello).toEqual({ level: 'info', time: expect.any(Number), seats: 3, msg: 'hello' })
    expect(access).toMatchObject({
      level: 'error',
      msg: 'request completed',
      'http.response.status_code': 500,
      err: { type: 'RangeError', message: 'no seats', stack: expect.stringContaining('    at ') },
    })
    expect(others).toEqual([])
  })

  it('is as the pino options ask', async () => {
    const [hello, access] = await print(`{ pino: {
      base: { region: 'eu' }, mixin: () => ({ tenant: 't' }), timestamp: () => ',"at":"noon"', messageKey: 'text',
      errorKey: 'error', nestedKey: 'payload', formatters: { level: (label, value) => ({ value }) },
    } }`)
    expect(hello).toEqual({
      value: 30,
      at: 'noon',
      region: 'eu',
      payload: { tenant: 't', seats: 3 },
      text: 'hello',
    })
    expect(access).toMatchObject({
      value: 50,
      text: 'request completed',
      payload: { tenant: 't', error: { type: 'RangeError' } },
    })
  })

  it('has no time where none is asked for', async () => {
    expect((await print('{ pino: { timestamp: false } }'))[0]).toEqual({
      level: 'info',
      seats: 3,
      msg: 'hello',
    })
  })
})
