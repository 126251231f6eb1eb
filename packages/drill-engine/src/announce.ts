import type { Endpoints } from '@faultline/runtime'
import { request } from 'undici'

const TIMEOUT_MS = 5000

/**
 * Marks moments of a drill where dashboards look: a log line of the service `drill` in Loki, which an annotation
 * query finds, and an annotation of Grafana's own where it runs. A mark that cannot be set stops no drill.
 */
export async function announce(
  endpoints: Endpoints,
  { drill, phase, text }: { drill: string; phase: string; text: string },
): Promise<void> {
  const now = Date.now()
  const attributes = [
    { key: 'drill', value: { stringValue: drill } },
    { key: 'phase', value: { stringValue: phase } },
  ]
  const record = {
    timeUnixNano: `${now}000000`,
    severityNumber: 9,
    severityText: 'INFO',
    body: { stringValue: text },
    attributes,
  }
  const resource = { attributes: [{ key: 'service.name', value: { stringValue: 'drill' } }] }
  const logs = {
    resourceLogs: [{ resource, scopeLogs: [{ scope: { name: 'drill-engine' }, logRecords: [record] }] }],
  }
  const marks = [post(`${endpoints.collectorOtlpHttp}/v1/logs`, logs)]
  if (endpoints.grafana !== undefined) {
    marks.push(
      post(`${endpoints.grafana}/api/annotations`, { time: now, tags: ['drill', drill, phase], text }),
    )
  }
  await Promise.allSettled(marks)
}

async function post(url: string, body: unknown): Promise<void> {
  const { body: answer } = await request(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
    headersTimeout: TIMEOUT_MS,
    bodyTimeout: TIMEOUT_MS,
  })
  await answer.dump()
}
