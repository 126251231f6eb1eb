import { dashboardTab } from '../links.ts'
import { businessRow } from '../rows/business.ts'
import { edgeRow } from '../rows/edge.ts'
import { evidenceRow } from '../rows/evidence.ts'
import { goldenSignalsRow } from '../rows/golden-signals.ts'
import { loadRow } from '../rows/load.ts'
import { pipelineRow } from '../rows/pipeline.ts'
import { saturationRow } from '../rows/saturation.ts'
import { serviceGraphRow } from '../rows/service-graph.ts'
import { sloRow } from '../rows/slo.ts'
import { type KitDashboard, kitDashboard } from './dashboard.ts'

/** Where one looks first: is anyone hurt, which service, what runs out, what do logs and traces say. */
export const overview = (): KitDashboard =>
  kitDashboard({
    uid: 'overview',
    title: 'Faultline / Overview',
    description:
      'From top to bottom: is anyone hurt, does anyone buy, does anyone get in, which service is it, which call, what has run out, what do logs and traces say. Below that, whether the telemetry itself can be believed, and the load that is being offered.',
    links: [
      dashboardTab('Service', 'service'),
      dashboardTab('Messaging', 'messaging'),
      dashboardTab('Security', 'security'),
    ],
    rows: [
      sloRow,
      businessRow,
      edgeRow,
      goldenSignalsRow,
      serviceGraphRow,
      saturationRow(),
      evidenceRow,
      pipelineRow,
      loadRow,
    ],
  })
