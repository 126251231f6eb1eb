import { runMain, runService } from '@faultline/service-kit'
import { startTelemetry } from '@faultline/telemetry'
import { profiles } from '@faultline/telemetry/profiles'
import { loadPaymentsConfig } from './config.ts'
import { createPayments } from './payments.ts'
import { PROVIDER } from './repositories/provider.ts'

await runMain(async () => {
  const config = loadPaymentsConfig()
  const telemetry = startTelemetry({
    serviceName: 'payments',
    profiles: profiles(),
    // The calls go through a proxy, so the address does not tell who is called.
    httpClient: {
      peerServices: Object.fromEntries(config.providerOrigins.map((origin) => [origin, PROVIDER])),
    },
  })
  await runService(createPayments({ ...config, telemetry }), { config, telemetry })
})
