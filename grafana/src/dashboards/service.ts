import { dashboardTab } from '../links.ts'
import { atAGlanceRow } from '../rows/at-a-glance.ts'
import { callsRow, protectionRow } from '../rows/calls.ts'
import { replicasRow } from '../rows/replicas.ts'
import { requestsRow } from '../rows/requests.ts'
import { runtimeRow } from '../rows/runtime.ts'
import { logsRow, profilesRow, tracesRow } from '../rows/service-evidence.ts'
import { serviceMessagesRow } from '../rows/service-messages.ts'
import { cacheRow, databaseRow } from '../rows/storage.ts'
import { chosen, chosenService, instanceVariable, searchVariable, serviceVariable } from '../variables.ts'
import { type KitDashboard, kitDashboard } from './dashboard.ts'

/** One service, from its callers' side down to its code. */
export const service = (): KitDashboard =>
  kitDashboard({
    uid: 'service',
    title: 'Faultline / Service',
    description:
      'One service, from its callers’ side down to its code: requests, replicas, what it asks of others, database, cache and messages, runtime, then logs, traces and profiles.',
    variables: [serviceVariable('gateway'), instanceVariable(), searchVariable()],
    annotations: { alerts: { service: chosenService.service_name }, restarts: chosen },
    links: [dashboardTab('Overview', 'overview'), dashboardTab('Messaging', 'messaging')],
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
