import { apiFaults } from '@faultline/test-support/api-faults'
import { expect, it } from 'vitest'
import { startTicketing } from './support/service.ts'

/** Nobody is there: who may not do a thing must be told so before anything is looked up. */
const NOWHERE = '127.0.0.1:1'

it('the routes of ticketing are those of its document, and none is open that should not be', async () => {
  await using ticketing = await startTicketing({
    database: `postgres://ticketing_service:secret@${NOWHERE}/box_office`,
    nats: `nats://${NOWHERE}`,
  })
  expect(await apiFaults(ticketing.app)).toEqual([])
})
