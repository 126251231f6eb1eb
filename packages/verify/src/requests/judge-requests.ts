import type { Finding } from '../report/check.ts'
import type { SentRequest } from './requester.ts'

/** A shed request now and then is the gateway doing its job; more is a gateway that does not serve. */
const MIN_ANSWERED_SHARE = 0.98

/** Whether the gateway answered verify's own requests. */
export function judgeRequests(gateway: string, sent: readonly SentRequest[]): Finding {
  const failed = sent.filter(({ status }) => status === undefined || status < 200 || status >= 400)
  const routes = new Set(sent.map(({ method, route }) => `${method} ${route}`))
  const finding = {
    id: 'requests',
    hop: 'requests',
    expected: `at least ${MIN_ANSWERED_SHARE * 100} % answered with success`,
    query: `${sent.length} requests to ${routes.size} routes of ${gateway}`,
    explainedBy: ['reach/gateway'],
  } as const
  if (sent.length > 0 && failed.length <= sent.length * (1 - MIN_ANSWERED_SHARE)) {
    return {
      ...finding,
      status: 'pass',
      seen: `${sent.length - failed.length} of ${sent.length} answered with success`,
    }
  }
  const reasons = Map.groupBy(
    failed,
    ({ method, route, status, error }) => `${method} ${route}: ${status ?? error}`,
  )
  const most = [...reasons].sort(([, a], [, b]) => b.length - a.length).slice(0, 3)
  return {
    ...finding,
    status: 'fail',
    seen: `${failed.length} of ${sent.length} failed: ${most.map(([reason, all]) => `${reason} (${all.length} times)`).join('; ')}`,
    likelyCause: failed.some(({ status }) => status !== undefined && status >= 500)
      ? 'the gateway or a service behind it fails or sheds load'
      : 'the gateway does not answer',
    nextStep: 'faultline status, then faultline logs gateway',
  }
}
