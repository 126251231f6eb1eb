import { apiFaults } from '@faultline/test-support/api-faults'
import { testTelemetry } from '@faultline/test-support/telemetry'
import { expect, it } from 'vitest'
import { createApp } from '../src/app.ts'
import { openCharges } from '../src/repositories/charges.ts'

it('the routes of the provider are those of its document, and none is open without the key', async () => {
  const repository = openCharges(':memory:')
  try {
    const app = createApp({
      telemetry: testTelemetry(),
      repository,
      fate: { seed: '1', latencyMedianMs: 1, declineRatio: 0, failureRatio: 0 },
      maxConcurrent: 1,
      maxQueued: 10,
      apiKey: 'provider-test-key',
    })
    expect(await apiFaults(app)).toEqual([])
  } finally {
    repository.close()
  }
})
