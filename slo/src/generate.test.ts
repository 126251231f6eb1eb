import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { parse } from 'yaml'
import { PROFILES } from './clock.ts'
import { renderRules, writeRules } from './generate.ts'
import { objectives, readObjectives, SLO_FOLDER } from './objectives.ts'

async function folder(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'faultline-slo-'))
  onTestFinished(() => rm(path, { recursive: true }))
  return path
}

const rendered = renderRules(Object.values(objectives))

test('the committed rules are what npm run slo:generate writes', async () => {
  const committed = new Map<string, string>()
  for (const { name } of PROFILES) {
    for (const file of await readdir(join(SLO_FOLDER, 'rules', name))) {
      committed.set(`${name}/${file}`, await readFile(join(SLO_FOLDER, 'rules', name, file), 'utf8'))
    }
  }
  expect(Object.fromEntries(committed)).toEqual(Object.fromEntries(rendered))
})

test('both profiles make the same series and alerts', () => {
  const names = (file: string): unknown =>
    parse(rendered.get(file) ?? '').groups[0].rules.map(
      (rule: { record?: string; alert?: string }) => rule.record ?? rule.alert,
    )
  for (const name of Object.keys(objectives)) {
    expect(names(`drill/${name}.rules.yaml`)).toEqual(names(`production/${name}.rules.yaml`))
  }
})

test('the rules of a removed objective go', async () => {
  const target = await folder()
  await writeRules(rendered, target)
  await writeRules(new Map([...rendered].filter(([file]) => file.includes('catalog-availability'))), target)
  expect(await readdir(join(target, 'drill'))).toEqual(['catalog-availability.rules.yaml'])
})

test.each([
  ['other.yaml', ['other'], 'so the file must be catalog-latency.yaml'],
  ['catalog-latency.yaml', [], 'catalog-latency.yaml: not in OBJECTIVE_NAMES'],
  ['catalog-latency.yaml', ['catalog-latency', 'gone'], 'gone.yaml: in OBJECTIVE_NAMES'],
])('an objective stands in a file of its own name, which is listed (%s)', async (file, names, problem) => {
  const target = await folder()
  await writeFile(
    join(target, file),
    await readFile(join(SLO_FOLDER, 'objectives/catalog-latency.yaml'), 'utf8'),
  )
  expect(() => readObjectives(target, names)).toThrow(problem)
})
