import { apiFaults } from '@faultline/test-support/api-faults'
import { expect, it } from 'vitest'
import { startGateway } from './support/gateway.ts'

it('the routes of the gateway are those of its document, and none is open that should not be', async () => {
  // Nobody is behind it: who may not do a thing must be told so by the gateway itself.
  await using gateway = await startGateway(['http://127.0.0.1:1'])
  expect(await apiFaults(gateway.app)).toEqual([])
})
