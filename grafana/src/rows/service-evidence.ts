import {
  flameGraph,
  logLines,
  logVolume,
  profileSeries,
  profileTypes,
  traceList,
} from '../panels/evidence.ts'
import type { KitRow } from '../panels/panel.ts'
import {
  chosenLines,
  linesByLevel,
  readable,
  requestsOfService,
  slowOrFailedOfService,
} from '../queries/logs-and-traces.ts'

export const logsRow: KitRow = {
  title: 'Logs',
  width: 24,
  panels: [
    logVolume({
      title: 'Log lines by level',
      description: 'Lines of the chosen replicas that hold the text of the search box.',
      height: 6,
      expr: linesByLevel(chosenLines),
    }),
    logLines({
      title: 'Log lines',
      description: 'Newest first. Open a line for its fields; `trace_id` leads to the request.',
      height: 12,
      expr: `${chosenLines} | ${readable}`,
    }),
  ],
}

export const tracesRow: KitRow = {
  title: 'Traces',
  width: 12,
  height: 9,
  panels: [
    traceList({
      title: 'Slow or failed requests',
      description: 'Stored traces in which this service failed or took 500 ms and longer.',
      mayBeEmpty: { when: 'healthy', why: 'No request failed or was slow' },
      traceql: slowOrFailedOfService,
    }),
    traceList({
      title: 'Stored requests',
      description:
        'Stored traces through this service, for comparison: mostly the share of all requests that is kept.',
      traceql: requestsOfService,
    }),
  ],
}

// The service is matched alone: profiles are stored by it, and whoever wants one replica filters in the panel.
const selector = '{service_name="$service"}'

const ofOtlp = {
  selector,
  mayBeEmpty: { when: 'other-service', why: 'This service pushes its profiles with Pyroscope’s client' },
} as const
const ofPyroscopeClient = {
  selector,
  mayBeEmpty: { when: 'other-service', why: 'This service sends its profiles over OTLP' },
} as const

export const profilesRow: KitRow = {
  title: 'Profiles',
  width: 12,
  panels: [
    profileSeries({
      title: 'CPU time by route',
      description:
        'CPU time that profiles saw, by the route that spent it. Without a route: start-up, timers, telemetry, and all of a service that pushes with Pyroscope’s client.',
      width: 24,
      unit: 'ns',
      selections: [
        { profileType: profileTypes.cpu, ...ofOtlp },
        { profileType: profileTypes.pushedCpu, ...ofPyroscopeClient },
      ],
      by: 'http_route',
    }),
    flameGraph({
      title: 'Where CPU time goes',
      description:
        'All stacks of the time range. The widest function at the bottom edge is where to look; narrow the range to the bad minutes first.',
      height: 14,
      profileType: profileTypes.cpu,
      ...ofOtlp,
    }),
    flameGraph({
      title: 'What holds memory',
      description: 'Live heap by the stack that allocated it. For a leak, compare an early and a late range.',
      height: 14,
      profileType: profileTypes.heap,
      ...ofOtlp,
    }),
    // Panels of their own: a flame graph draws its first query only, empty or not.
    flameGraph({
      title: 'Where CPU time goes (pushed)',
      description: 'The same of a service that pushes with Pyroscope’s own client for Node.js.',
      height: 14,
      profileType: profileTypes.pushedCpu,
      ...ofPyroscopeClient,
    }),
    flameGraph({
      title: 'What holds memory (pushed)',
      description: 'The same of a service that pushes with Pyroscope’s own client for Node.js.',
      height: 14,
      profileType: profileTypes.pushedHeap,
      ...ofPyroscopeClient,
    }),
  ],
}
