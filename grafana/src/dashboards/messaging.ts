import { dashboardTab } from '../links.ts'
import { backlogRow } from '../rows/backlog.ts'
import { messageEvidenceRow, messageFlowRow } from '../rows/messages.ts'
import { outboxRow, ticketRow } from '../rows/paid-to-ticket.ts'
import { type KitDashboard, kitDashboard } from './dashboard.ts'

/** Everything between a paid order and its ticket. */
export const messaging = (): KitDashboard =>
  kitDashboard({
    uid: 'messaging',
    title: 'Faultline / Messaging',
    description:
      'Everything between a paid order and its ticket, in the order in which it is passed: outbox, broker, consumers. At the top whether tickets come in time; at the bottom the traces that cross the broker.',
    links: [dashboardTab('Overview', 'overview'), dashboardTab('Service', 'service')],
    rows: [ticketRow, outboxRow, messageFlowRow, backlogRow, messageEvidenceRow],
  })
