import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { parse } from 'yaml'
import { readObjectives, renderRules, SLO_FOLDER, writeRules } from './generate.ts'
import { PROFILES } from './profile.ts'

async function folder(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'faultline-slo-'))
  onTestFinished(() => rm(path, { recursive: true }))
  return path
}

const objectives = await readObjectives(join(SLO_FOLDER, 'objectives'))
const rendered = renderRules(objectives)

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
  for (const { name } of objectives) {
    expect(names(`drill/${name}.rules.yaml`)).toEqual(names(`production/${name}.rules.yaml`))
  }
})

test('the rules of a removed objective go', async () => {
  const target = await folder()
  await writeRules(rendered, target)
  await writeRules(new Map([...rendered].filter(([file]) => file.includes('catalog-availability'))), target)
  expect(await readdir(join(target, 'drill'))).toEqual(['catalog-availability.rules.yaml'])
})

test('an objective stands in a file of its own name', async () => {
  const target = await folder()
  await writeFile(
    join(target, 'other.yaml'),
    await readFile(join(SLO_FOLDER, 'objectives/catalog-latency.yaml'), 'utf8'),
  )
  await expect(readObjectives(target)).rejects.toThrow('so the file must be catalog-latency.yaml')
})
