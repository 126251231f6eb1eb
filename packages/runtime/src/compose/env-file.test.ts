import { mkdir, mkdtemp, mkdtempDisposable, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseEnv } from 'node:util'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { composeEnvironment, withOwnSettings, writeOwnSettings } from './env-file.ts'

const text = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        '',
        '# a comment',
        'A=1',
        'export B="two words"',
        "C='$HOME'",
        'FAULTLINE_PORT_LOKI=3999',
      ),
      fc.string(),
    ),
  )
  .chain((lines) => fc.constantFrom('\n', '\r\n').map((end) => lines.join(end)))
  .filter((lines) => !lines.includes('faultline ports'))
const settings = fc.dictionary(
  fc.constantFrom('FAULTLINE_PORT_EDGE', 'FAULTLINE_PORT_LOKI', 'FAULTLINE_PORT_CATALOG_1'),
  fc.integer({ min: 1, max: 65_535 }),
  { minKeys: 1 },
)

describe('lines of the kit in an .env file', () => {
  test('leave all others as they are, and are gone without a trace when taken out', () => {
    fc.assert(
      fc.property(fc.option(text, { nil: undefined }), settings, (before, ours) => {
        const after = withOwnSettings(before, ours)
        expect(after?.endsWith(before ?? '')).toBe(true)
        expect(withOwnSettings(after, {})).toBe(before)
        expect(withOwnSettings(before, {})).toBe(before)
      }),
    )
  })

  test('are replaced by the next ones, and written twice change nothing', () => {
    fc.assert(
      fc.property(fc.option(text, { nil: undefined }), settings, settings, (before, first, second) => {
        const once = withOwnSettings(withOwnSettings(before, first), second)
        expect(once).toBe(withOwnSettings(before, second))
        expect(withOwnSettings(once, second)).toBe(once)
      }),
    )
  })

  test('are replaced where they are, whatever people have put around them', () => {
    fc.assert(
      fc.property(text, text, settings, settings, (above, below, first, second) => {
        const before = `${above}\n`
        const file = before + withOwnSettings(below, first)
        expect(withOwnSettings(file, second)).toBe(before + withOwnSettings(below, second))
        expect(withOwnSettings(file, {})).toBe(before + below)
      }),
    )
  })

  test('set the variables, unless a line of somebody else does', () => {
    fc.assert(
      fc.property(settings, (ours) => {
        const read = parseEnv(withOwnSettings('FAULTLINE_PORT_LOKI=3999\nA=1\n', ours) ?? '')
        const values = Object.entries(ours).map(([name, port]) => [name, String(port)])
        expect(read).toEqual({ ...Object.fromEntries(values), FAULTLINE_PORT_LOKI: '3999', A: '1' })
      }),
    )
  })

  test('that people end with another line, or with none, are still found', () => {
    const file = withOwnSettings('', { FAULTLINE_PORT_EDGE: 1 }) ?? ''
    expect(withOwnSettings(file.replaceAll('\n', '\r\n'), {})).toBe('')
    expect(withOwnSettings(file.trimEnd(), {})).toBe('')
  })
})

test('a byte order mark stays before everything else, and does not hide the first variable', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'faultline env '))
  const file = join(folder.path, '.env')
  await writeFile(file, '\uFEFFA=1\n')
  await writeOwnSettings(folder.path, { FAULTLINE_PORT_EDGE: 1 })
  expect((await readFile(file, 'utf8')).lastIndexOf('\uFEFF')).toBe(0)
  expect(await composeEnvironment(folder.path, {})).toEqual({ A: '1', FAULTLINE_PORT_EDGE: '1' })
  await writeOwnSettings(folder.path, {})
  expect(await readFile(file, 'utf8')).toBe('\uFEFFA=1\n')
})

test.each(['# >>>', '# <<<'])(
  'where the line %s is gone, nothing is written and the other one is named',
  async (gone) => {
    await using folder = await mkdtempDisposable(join(tmpdir(), 'faultline env '))
    const file = join(folder.path, '.env')
    await writeOwnSettings(folder.path, { FAULTLINE_PORT_EDGE: 1 })
    const half = (await readFile(file, 'utf8'))
      .split('\n')
      .filter((line) => !line.startsWith(gone))
      .join('\n')
    await writeFile(file, half)
    await expect(writeOwnSettings(folder.path, { FAULTLINE_PORT_EDGE: 2 })).rejects.toThrow(
      expect.objectContaining({
        exitCode: 2,
        message: expect.stringMatching(/without its partner: "# [<>]{3} faultline/),
      }),
    )
    expect(await readFile(file, 'utf8')).toBe(half)
  },
)

describe('variables of compose', () => {
  let folder = ''
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'faultline env '))
  })
  afterEach(() => rm(folder, { recursive: true }))

  test('are those of the environment, then those of .env', async () => {
    expect(await composeEnvironment(folder, { A: 'shell' })).toEqual({ A: 'shell' })
    await writeFile(join(folder, '.env'), 'A=file\nB="file" # here\n')
    expect(await composeEnvironment(folder, { A: 'shell' })).toEqual({ A: 'shell', B: 'file' })
  })

  test('that cannot be read are said so', async () => {
    await mkdir(join(folder, '.env'))
    await expect(composeEnvironment(folder, {})).rejects.toThrow(
      expect.objectContaining({ exitCode: 3, message: expect.stringMatching(/^cannot read .*\/\.env \(/) }),
    )
  })
})
