import { readFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { TOPOLOGY_FILE, topologySource } from './generate-topology.ts'

test('generated/topology.ts is what `npm run topology:generate` writes', async () => {
  expect(await readFile(TOPOLOGY_FILE, 'utf8')).toBe(await topologySource())
})
