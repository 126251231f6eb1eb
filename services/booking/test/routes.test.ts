import { apiFaults } from '@faultline/test-support/api-faults'
import { testTelemetry } from '@faultline/test-support/telemetry'
import { expect, it } from 'vitest'
import { booking as definition } from '../src/main.ts'
import { KEYS } from './support/box-office.ts'

/** Nobody is there: who may not do a thing must be told so before anything is looked up. */
const NOWHERE = '127.0.0.1:1'

it('the routes of booking are those of its document, and none is open that should not be', async () => {
  const booking = definition.build({
    config: {
      NATS_URL: `nats://${NOWHERE}`,
      PAYMENTS_URL: [`http://${NOWHERE}`],
      GATEWAY_JWKS_URL: `http://${NOWHERE}/.well-known/jwks.json`,
      HOLD_SECONDS: 120,
      ...KEYS,
    },
    database: { url: `postgres://booking_service:secret@${NOWHERE}/box_office`, maxConnections: 1 },
    telemetry: testTelemetry(),
  })
  try {
    expect(await apiFaults(booking.app)).toEqual([])
  } finally {
    await booking.close()
  }
})
