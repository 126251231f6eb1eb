import { apiFaults } from '@faultline/test-support/api-faults'
import { testTelemetry } from '@faultline/test-support/telemetry'
import { expect, it } from 'vitest'
import { catalog as definition } from '../src/main.ts'

/** Nobody is there: who may not do a thing must be told so before anything is looked up. */
const NOWHERE = '127.0.0.1:1'

it('the routes of the catalog are those of its document, and none is open that should not be', async () => {
  const catalog = definition.build({
    config: {
      NATS_URL: `nats://${NOWHERE}`,
      GATEWAY_JWKS_URL: `http://${NOWHERE}/.well-known/jwks.json`,
      CACHE_URL: undefined,
    },
    database: { url: `postgres://catalog_service:secret@${NOWHERE}/box_office`, maxConnections: 1 },
    telemetry: testTelemetry(),
  })
  try {
    expect(await apiFaults(catalog.app)).toEqual([])
  } finally {
    await catalog.close()
  }
})
