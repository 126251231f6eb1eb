import { runMain, runService } from '@faultline/service-kit'
import { startTelemetry } from '@faultline/telemetry'
import { profiles } from '@faultline/telemetry/profiles'
import { createBooking } from './booking.ts'
import { PAYMENTS } from './clients/payments.ts'
import { loadBookingConfig } from './config.ts'

await runMain(async () => {
  const config = loadBookingConfig()
  const telemetry = startTelemetry({
    serviceName: 'booking',
    profiles: profiles(),
    // The calls go through a proxy, so the address does not tell who is called.
    httpClient: {
      peerServices: Object.fromEntries(config.paymentsUrls.map((origin) => [origin, PAYMENTS])),
    },
  })
  await runService(createBooking({ ...config, telemetry }), { config, telemetry })
})
