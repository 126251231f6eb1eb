import { logLines } from '../panels/logs.ts'
import { traceList } from '../panels/traces.ts'
import { everyService, readable, trouble } from '../queries/logql.ts'
import { slowOrFailed } from '../queries/traceql.ts'
import type { KitRow } from './row.ts'

/** What the services say about it. */
export const evidenceRow: KitRow = {
  title: 'What went wrong',
  panels: [
    logLines(
      {
        title: 'Warnings and errors',
        description:
          'Lines of level warn and above, of all services, newest first. Open a line for its fields; `trace_id` leads to the request.',
        width: 12,
        height: 10,
        mayBeEmpty: { when: 'healthy', why: 'No warning and no error was logged' },
      },
      `${everyService} | ${trouble} | ${readable}`,
    ),
    traceList(
      {
        title: 'Slow or failed requests',
        description:
          'Traces with a request that failed or took 500 ms and longer. Each such trace is stored, so an empty list means that there was none.',
        width: 12,
        height: 10,
        mayBeEmpty: { when: 'healthy', why: 'No request failed or was slow' },
      },
      slowOrFailed,
    ),
  ],
}
