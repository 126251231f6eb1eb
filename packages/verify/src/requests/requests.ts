import type { Probe } from '../probe.ts'
import { type Finding, fail } from '../report/check.ts'
import type { Requester } from './requester.ts'
import type { SentRequest } from './sender.ts'

/** Whether the first of verify's own requests were answered. */
export const requestsProbe = (gateway: string, { sent }: Pick<Requester, 'sent'>): Probe => ({
  name: 'requests',
  hop: 'requests',
  observe: async () => [{ ...judgeRequests(gateway, sent), final: true }],
})

/** Load shedding is the gateway doing its job; with less than this share it does not serve. */
const MIN_ANSWERED_SHARE = 0.5
/** A route that was asked less often may just have had bad luck. */
const MIN_TRIES = 3

/** Whether the gateway answered verify's own requests, on each of its routes. */
export function judgeRequests(gateway: string, all: readonly SentRequest[]): Finding {
  // The order has a check of its own, and waits for its ticket by asking again.
  const sent = all.filter(({ purpose }) => purpose === 'read')
  const failed = sent.filter((request) => !succeeded(request))
  const routes = Map.groupBy(sent, ({ method, route }) => `${method} ${route}`)
  const broken = [...routes]
    .filter(([, all]) => all.length >= MIN_TRIES && !all.some(succeeded))
    .map(([route]) => route)
  const finding = {
    id: 'requests',
    hop: 'requests',
    expected: `every route answers with success, and at least ${MIN_ANSWERED_SHARE * 100} % of all requests are`,
    query: `${sent.length} requests to ${routes.size} routes of ${gateway}`,
    explainedBy: ['reach/gateway', 'replica/*'],
  } as const
  if (sent.length > 0 && broken.length === 0 && failed.length <= sent.length * (1 - MIN_ANSWERED_SHARE)) {
    const seen = `${sent.length - failed.length} of ${sent.length} answered with success`
    return { ...finding, status: 'pass', seen }
  }
  const reasons = Map.groupBy(
    failed,
    ({ method, route, status, error }) => `${method} ${route}: ${status ?? error}`,
  )
  const most = [...reasons].sort(([, a], [, b]) => b.length - a.length).slice(0, 3)
  return fail(finding, {
    seen: `${failed.length} of ${sent.length} failed: ${most.map(([reason, all]) => `${reason} (${all.length} times)`).join('; ')}`,
    likelyCause: failed.some(({ status }) => status !== undefined && status >= 500)
      ? 'the gateway or a service behind it fails or sheds load'
      : 'the gateway does not answer',
    nextStep: 'faultline status, then faultline logs gateway',
  })
}

function succeeded({ status }: SentRequest): boolean {
  return status !== undefined && status >= 200 && status < 400
}
