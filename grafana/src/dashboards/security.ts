import { dashboardTab } from '../links.ts'
import { identityRow, protectionsRow, refusalsRow } from '../rows/security.ts'
import { type KitDashboard, kitDashboard } from './dashboard.ts'

/** Who gets in, who is kept out, and which protections are on. */
export const security = (): KitDashboard =>
  kitDashboard({
    uid: 'security',
    title: 'Faultline / Security',
    description:
      'Who gets in, who is kept out and by which protection, which switches are set, and the security events in the logs.',
    links: [dashboardTab('Overview', 'overview'), dashboardTab('Service', 'service')],
    rows: [identityRow, refusalsRow, protectionsRow],
  })
