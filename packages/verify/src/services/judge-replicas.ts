import type { Finding } from '../report/check.ts'
import type { ScrapeTarget, Service } from './discover.ts'

/** Whether each replica of the services can be scraped; the collector itself is another check's matter. */
export function judgeReplicas(
  services: readonly Service[],
  targets: readonly ScrapeTarget[],
  late: boolean,
): Finding[] {
  const known = new Set(services.map(({ name }) => name))
  return targets
    .filter(({ labels }) => known.has(labels.service_name ?? ''))
    .map(
      ({ labels: { service_name: service = '', service_instance_id: instance = service }, up }): Finding => {
        const finding = {
          id: replicaCheck(service, instance),
          hop: 'services',
          service,
          expected: 'the collector can scrape it',
          query: `up{service_name="${service}", service_instance_id="${instance}"}`,
          // A gateway that does not answer its callers is a replica that is down.
          explainedBy: ['reach/collector', 'reach/prometheus', `reach/${service}`],
          final: late,
        } as const
        if (up) return { ...finding, status: 'pass', seen: 'up' }
        return {
          ...finding,
          status: 'fail',
          seen: 'up is 0',
          likelyCause: 'the replica is down or stuck, or its admin listener is',
          nextStep: `faultline status, then faultline logs ${instance}`,
        }
      },
    )
}

/** Id of a replica's check; without a replica, the pattern of all of the service's. */
export function replicaCheck(service: string, instance = '*'): string {
  return `replica/${service}/${instance}`
}
