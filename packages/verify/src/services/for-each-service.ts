import pMap from 'p-map'
import { type Context, servicesOf } from '../context.ts'
import type { Finding } from '../report/check.ts'
import type { Signal } from '../report/hop.ts'
import type { Service } from './discover.ts'

/** What is found about a signal of each service; one finding that says so while no service is known. */
export async function forEachService(
  context: Context,
  signal: Signal,
  observe: (service: Service) => Promise<Finding | readonly Finding[]>,
): Promise<Finding[]> {
  const services = servicesOf(context)
  if (services.length === 0) return [noService(signal)]
  return (await pMap(services, observe, { concurrency: 2 })).flat()
}

function noService(signal: Signal): Finding {
  return {
    id: `signal/any/${signal}`,
    hop: signal,
    signal,
    status: 'skipped',
    expected: `${signal} of every service`,
    seen: 'no service is known',
    query: 'services in metrics, traces and scrape targets',
    explainedBy: ['reach/*', 'requests', 'signal/services'],
  }
}
