import { callsRow, protectionRow, serviceMessagesRow } from '../rows/calls.ts'
import { atAGlanceRow, replicasRow, requestsRow } from '../rows/requests.ts'
import { runtimeRow } from '../rows/runtime.ts'
import { logsRow, profilesRow, tracesRow } from '../rows/service-evidence.ts'
import { cacheRow, databaseRow } from '../rows/storage.ts'
import { chosen, chosenService, instanceVariable, searchVariable, serviceVariable } from '../variables.ts'
import { kitDashboard } from './dashboard.ts'

/** One service, from its callers' side down to its code. */
export const service = kitDashboard({
  uid: 'service',
  description:
    'One service, from its callers’ side down to its code: requests, replicas, what it asks of others, database, cache and messages, runtime, then logs, traces and profiles.',
  variables: [serviceVariable('gateway'), instanceVariable(), searchVariable()],
  annotations: { alerts: { service: chosenService.service_name }, restarts: chosen },
  tabs: ['overview', 'messaging'],
  rows: [
    atAGlanceRow,
    requestsRow,
    replicasRow,
    callsRow,
    databaseRow,
    cacheRow,
    serviceMessagesRow,
    protectionRow,
    runtimeRow,
    logsRow,
    tracesRow,
    profilesRow,
  ],
})
