import { runMain, runService } from '@faultline/service-kit'
import { startTelemetry } from '@faultline/telemetry'
import { profiles } from '@faultline/telemetry/profiles'
import { createCatalog } from './catalog.ts'
import { loadCatalogConfig } from './config.ts'

await runMain(async () => {
  const config = loadCatalogConfig()
  const telemetry = startTelemetry({ serviceName: 'catalog', profiles: profiles() })
  await runService(createCatalog({ ...config, telemetry }), { config, telemetry })
})
