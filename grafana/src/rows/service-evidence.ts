import { logLines, logVolume } from '../panels/logs.ts'
import { flameGraph, profileSeries, profileTypes } from '../panels/profiles.ts'
import { traceList } from '../panels/traces.ts'
import { chosenLines, linesByLevel, readable } from '../queries/logql.ts'
import { requestsOfService, slowOrFailedOfService } from '../queries/traceql.ts'
import type { KitRow } from './row.ts'

export const logsRow: KitRow = {
  title: 'Logs',
  panels: [
    logVolume(
      {
        title: 'Log lines by level',
        description: 'Lines of the chosen replicas that hold the text of the search box.',
        width: 24,
        height: 6,
      },
      linesByLevel(chosenLines),
    ),
    logLines(
      {
        title: 'Log lines',
        description: 'Newest first. Open a line for its fields; `trace_id` leads to the request.',
        width: 24,
        height: 12,
      },
      `${chosenLines} | ${readable}`,
    ),
  ],
}

export const tracesRow: KitRow = {
  title: 'Traces',
  panels: [
    traceList(
      {
        title: 'Slow or failed requests',
        description: 'Stored traces in which this service failed or took 500 ms and longer.',
        width: 12,
        height: 9,
        mayBeEmpty: { when: 'healthy', why: 'No request failed or was slow' },
      },
      slowOrFailedOfService,
    ),
    traceList(
      {
        title: 'Stored requests',
        description:
          'Stored traces through this service, for comparison: mostly the share of all requests that is kept.',
        width: 12,
        height: 9,
      },
      requestsOfService,
    ),
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
  panels: [
    profileSeries(
      {
        title: 'CPU time by route',
        description:
          'CPU time that profiles saw, by the route that spent it. Without a route: start-up, timers, telemetry, and all of a service that pushes with Pyroscope’s client.',
        width: 24,
        unit: 'ns',
      },
      [
        { profileType: profileTypes.cpu, ...ofOtlp },
        { profileType: profileTypes.pushedCpu, ...ofPyroscopeClient },
      ],
      'http_route',
    ),
    flameGraph(
      {
        title: 'Where CPU time goes',
        description:
          'All stacks of the time range. The widest function at the bottom edge is where to look; narrow the range to the bad minutes first.',
        width: 12,
        height: 14,
      },
      { profileType: profileTypes.cpu, ...ofOtlp },
    ),
    flameGraph(
      {
        title: 'What holds memory',
        description:
          'Live heap by the stack that allocated it. For a leak, compare an early and a late range.',
        width: 12,
        height: 14,
      },
      { profileType: profileTypes.heap, ...ofOtlp },
    ),
    // Panels of their own: a flame graph draws its first query only, empty or not.
    flameGraph(
      {
        title: 'Where CPU time goes (pushed)',
        description: 'The same of a service that pushes with Pyroscope’s own client for Node.js.',
        width: 12,
        height: 14,
      },
      { profileType: profileTypes.pushedCpu, ...ofPyroscopeClient },
    ),
    flameGraph(
      {
        title: 'What holds memory (pushed)',
        description: 'The same of a service that pushes with Pyroscope’s own client for Node.js.',
        width: 12,
        height: 14,
      },
      { profileType: profileTypes.pushedHeap, ...ofPyroscopeClient },
    ),
  ],
}
