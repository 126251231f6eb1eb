import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { render, renderFile } from './render.ts'

/** A placeholder as it stands in a file. */
const placeholder = (name: string): string => `\${${name}}`
const HOST = placeholder('HOST')
const lower = placeholder('lower')

test('placeholders get their values, everything else stays', () => {
  expect(render(`{"listen": "${HOST}:1", "cost": "$5", "other": "${lower}"}`, { HOST: '127.0.0.1' })).toBe(
    `{"listen": "127.0.0.1:1", "cost": "$5", "other": "${lower}"}`,
  )
})

test('values are not themselves rendered, and text without placeholders is untouched', () => {
  fc.assert(
    fc.property(fc.string(), fc.string(), (value, text) => {
      expect(render(`<${HOST}>`, { HOST: value })).toBe(`<${value}>`)
      const plain = text.replaceAll('$', '')
      expect(render(plain, {})).toBe(plain)
    }),
  )
  expect(render(HOST, { HOST })).toBe(HOST)
})

test('placeholders without a value are all named, once', () => {
  const [one, two] = [placeholder('ONE'), placeholder('TWO')]
  expect(() => render(`${one} ${two} ${one}`, {})).toThrow(`no value for ${one}, ${two}`)
})

test('a file that cannot be rendered is named', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'faultline-render-'))
  try {
    const source = join(folder, 'source.json')
    await writeFile(source, HOST)
    await renderFile(source, join(folder, 'deep/target.json'), { HOST: 'x' })
    expect(await readFile(join(folder, 'deep/target.json'), 'utf8')).toBe('x')
    await expect(renderFile(source, join(folder, 'target.json'), {})).rejects.toMatchObject({
      message: `${source} cannot be rendered: no value for ${HOST}`,
    })
  } finally {
    await rm(folder, { recursive: true })
  }
})
