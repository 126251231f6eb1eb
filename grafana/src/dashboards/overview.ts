import { logLines, traceList } from '../panels/evidence.ts'
import type { KitRow } from '../panels/panel.ts'
import { everyService, readable, slowOrFailed, trouble } from '../queries/logs-and-traces.ts'
import { businessRow } from '../rows/business.ts'
import { edgeRow, goldenSignalsRow, serviceGraphRow } from '../rows/golden-signals.ts'
import { loadRow } from '../rows/load.ts'
import { pipelineRow } from '../rows/pipeline.ts'
import { saturationRow } from '../rows/runtime.ts'
import { sloRow } from '../rows/slo.ts'
import { kitDashboard } from './dashboard.ts'

/** What the services say about it. */
const evidenceRow: KitRow = {
  title: 'What went wrong',
  width: 12,
  height: 10,
  panels: [
    logLines({
      title: 'Warnings and errors',
      description:
        'Lines of level warn and above, of all services, newest first. Open a line for its fields; `trace_id` leads to the request.',
      mayBeEmpty: { when: 'healthy', why: 'No warning and no error was logged' },
      expr: `${everyService} | ${trouble} | ${readable}`,
    }),
    traceList({
      title: 'Slow or failed requests',
      description:
        'Traces with a request that failed or took 500 ms and longer. Each such trace is stored, so an empty list means that there was none.',
      mayBeEmpty: { when: 'healthy', why: 'No request failed or was slow' },
      traceql: slowOrFailed,
    }),
  ],
}

/** Where one looks first: is anyone hurt, which service, what runs out, what do logs and traces say. */
export const overview = kitDashboard({
  uid: 'overview',
  description:
    'From top to bottom: is anyone hurt, does anyone buy, does anyone get in, which service is it, which call, what has run out, what do logs and traces say. Below that, whether the telemetry itself can be believed, and the load that is being offered.',
  tabs: ['service', 'messaging', 'security'],
  rows: [
    sloRow,
    businessRow,
    edgeRow,
    goldenSignalsRow,
    serviceGraphRow,
    saturationRow,
    evidenceRow,
    pipelineRow,
    loadRow,
  ],
})
