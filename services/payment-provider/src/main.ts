import { EnvironmentError, runMain, runService } from '@faultline/service-kit'
import { createApp, loadProviderConfig } from './app.ts'
import { type ChargeRepository, openCharges } from './repositories/charges.ts'
import { createTelemetry } from './telemetry.ts'

await runMain(async () => {
  const config = loadProviderConfig()
  const repository = open(config.dataFile)
  const telemetry = createTelemetry()
  const app = createApp({ ...config, telemetry, repository })
  await runService({ app, close: async () => repository.close() }, { config, telemetry })
})

function open(file: string): ChargeRepository {
  try {
    return openCharges(file)
  } catch (error) {
    const cause = error instanceof Error ? error.message : String(error)
    throw new EnvironmentError(`cannot open ${file}: ${cause}. Set DATA_FILE to a file in a writable folder`)
  }
}
