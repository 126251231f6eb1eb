import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import {
  findLeftover,
  isRunning,
  Journal,
  journalFile,
  leftoverText,
  readJournal,
  type UndoStep,
} from './journal.ts'

let stateDir: string

beforeEach(async () => {
  stateDir = await mkdtemp(join(tmpdir(), 'journal-'))
})

afterEach(async () => {
  await rm(stateDir, { recursive: true })
})

const sql: UndoStep = { kind: 'sql', statements: ['CREATE INDEX'] }
const flag: UndoStep = { kind: 'flag', name: 'retry-policy' }

test('what must be undone is on the disk when willDo resolves', async () => {
  const journal = await Journal.begin(stateDir, 'slow-query')
  await journal.willDo(sql)
  const onDisk = JSON.parse(await readFile(journalFile(stateDir), 'utf8'))
  expect(onDisk).toMatchObject({ drill: 'slow-query', undo: [sql] })
})

test('steps that were taken are gone, the others stay in their order', async () => {
  const journal = await Journal.begin(stateDir, 'd')
  await journal.willDo(flag)
  await journal.willDo(sql)
  await journal.undone(structuredClone(sql))
  expect((await readJournal(stateDir))?.undo).toEqual([flag])
  expect(journal.open).toEqual([flag])
})

test('a drill that ended leaves no journal', async () => {
  const journal = await Journal.begin(stateDir, 'd')
  await journal.end()
  expect(await readJournal(stateDir)).toBeUndefined()
  expect(await findLeftover(stateDir)).toBeUndefined()
})

test('the journal tells a running drill from a killed one and from a fault left in on purpose', async () => {
  const journal = await Journal.begin(stateDir, 'd')
  await journal.enter('fault')
  const running = await findLeftover(stateDir)
  expect(running).toMatchObject({ running: true, phase: 'fault' })
  if (running) expect(leftoverText(running, '"undo"')).toBe('The drill d is running (phase fault).')
  const content = await readJournal(stateDir)
  // no process has this pid: it is above the highest there can be
  if (content) expect(isRunning({ ...content, runner: { ...content.runner, pid: 2 ** 22 + 1 } })).toBe(false)
  await journal.keep()
  const kept = await findLeftover(stateDir)
  expect(kept).toMatchObject({ running: false, kept: true })
  if (kept)
    expect(leftoverText(kept, '"undo"')).toBe(
      'The fault of the drill d is still in, as asked for: "undo" takes it out.',
    )
})
