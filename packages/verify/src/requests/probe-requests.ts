import type { Probe } from '../probe.ts'
import { judgeRequests } from './judge-requests.ts'

/** Whether the first of verify's own requests were answered. */
export const requestsProbe: Probe = {
  name: 'requests',
  hop: 'requests',
  observe: async ({ endpoints, requester, found }) =>
    found.sentUntilMs === undefined
      ? []
      : [{ ...judgeRequests(endpoints.gateway, requester.sent), final: true }],
}
