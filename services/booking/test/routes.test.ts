import { apiFaults } from '@faultline/test-support/api-faults'
import { testTelemetry } from '@faultline/test-support/telemetry'
import { expect, it } from 'vitest'
import { createBooking } from '../src/booking.ts'

/** Nobody is there: who may not do a thing must be told so before anything is looked up. */
const NOWHERE = '127.0.0.1:1'

it('the routes of booking are those of its document, and none is open that should not be', async () => {
  const booking = createBooking({
    url: `postgres://booking_service:secret@${NOWHERE}/box_office`,
    natsUrl: `nats://${NOWHERE}`,
    paymentsUrls: [`http://${NOWHERE}`],
    gatewayJwksUrl: `http://${NOWHERE}/.well-known/jwks.json`,
    holdSeconds: 120,
    keysSecret: 'a secret of the test, long enough for it',
    keyLeadMs: 600_000,
    keyMaxAgeMs: 86_400_000,
    telemetry: testTelemetry(),
  })
  try {
    expect(await apiFaults(booking.app)).toEqual([])
  } finally {
    await booking.close()
  }
})
