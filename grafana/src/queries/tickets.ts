/** From the confirmation of a paid order until its ticket can be had. */
import { quantile } from './promql.ts'

/** Quantile in seconds. */
export const timeToTicket = (of: number): string => quantile(of, 'box_office_payment_to_ticket_seconds', [])
