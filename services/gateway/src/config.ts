import { httpOrigins, listenVariables, loadConfig } from '@faultline/service-kit'
import { z } from 'zod'

const schema = z.object({
  ...listenVariables({ port: 8081, adminPort: 9081 }),
  CATALOG_URLS: httpOrigins(
    "the URLs of the catalog's replicas, separated by commas",
    'http://127.0.0.1:18082,http://127.0.0.1:18083',
  ),
})

export interface Config {
  host: string
  port: number
  adminPort: number
  catalogOrigins: readonly string[]
}

/** @throws ConfigurationError naming every wrong variable */
export function loadGatewayConfig(env: NodeJS.ProcessEnv = process.env): Config {
  const { HOST, PORT, ADMIN_PORT, CATALOG_URLS } = loadConfig(schema, env)
  return { host: HOST, port: PORT, adminPort: ADMIN_PORT, catalogOrigins: CATALOG_URLS }
}
