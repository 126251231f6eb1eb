import { createHttpClient, type HttpClientOptions } from '@faultline/service-kit'
import { type ServedApp, serve, type TestTelemetry, testTelemetry } from '@faultline/service-kit/testing'
import { type AppDependencies, createApp } from '../../src/app.ts'
import { CATALOG, createCatalog } from '../../src/domain/catalog.ts'
import { createCatalogRepository } from '../../src/repositories/catalog.ts'

/** A gateway inside the test's process. */
export interface TestGateway extends ServedApp {
  readonly telemetry: TestTelemetry
}

export async function startGateway(
  origins: readonly string[],
  options: { app?: Partial<AppDependencies>; client?: Partial<HttpClientOptions> } = {},
): Promise<TestGateway> {
  const telemetry = testTelemetry()
  const client = createHttpClient({
    dependency: CATALOG,
    origins,
    register: telemetry.register,
    ...options.client,
  })
  const catalog = createCatalog(createCatalogRepository(client))
  const server = await serve(createApp({ telemetry, catalog, ...options.app }))
  return {
    url: server.url,
    telemetry,
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]()
      await client.close()
    },
  }
}
