import { quantileColours } from '../colours.ts'
import { toService } from '../links.ts'
import { objectives } from '../objectives.ts'
import { type KitRow, steps } from '../panels/panel.ts'
import { timeSeries } from '../panels/time-series.ts'
import { maxBy, rate, select, shareOf, sumBy } from '../queries/promql.ts'
import { timeToTicket } from '../queries/red.ts'

/** What the box office is for: do people buy, and do they get what they paid for? */
export const businessRow: KitRow = {
  title: 'Business',
  width: 6,
  panels: [
    timeSeries({
      title: 'Tickets sold',
      description:
        'Seats paid for, per second. Steady requests and fewer sales: something between choosing and paying is broken, whatever the error panels say.',
      width: 8,
      unit: 'cps',
      links: [toService],
      expr: sumBy(['service_name'], rate('box_office_tickets_sold_total')),
      legend: '{{service_name}}',
    }),
    timeSeries({
      title: 'Revenue',
      description: 'Money of confirmed orders, a minute, in hundredths of the currency as it is counted.',
      width: 8,
      unit: 'short',
      expr: `${sumBy(['currency'], rate('box_office_revenue_total'))} * 60`,
      legend: '{{currency}} cents a minute',
    }),
    timeSeries({
      title: 'From payment to ticket',
      description:
        'What buyers wait for after they paid. The line is the objective. Dots lead to the trace of an order, from the click to the ticket.',
      width: 8,
      unit: 's',
      thresholds: steps('transparent', [objectives.ticketSeconds, 'red']),
      overrides: quantileColours,
      queries: [
        { expr: timeToTicket(0.99), legend: 'p99', exemplars: true },
        { expr: timeToTicket(0.5), legend: 'p50' },
      ],
    }),
    timeSeries({
      title: 'Reservations that came to nothing',
      description:
        'Reservations per second that ended without a sale: refused (somebody was quicker), expired (the buyer left with the seats on hold), released by hand, declined by the bank. Expired going up is the first sign that paying has become slow.',
      unit: 'cps',
      stacked: true,
      expr: sumBy(
        ['outcome'],
        rate('box_office_reservations_total', { outcome: '=~"refused|expired|released|declined"' }),
      ),
      legend: '{{outcome}}',
    }),
    timeSeries({
      title: 'Declined orders',
      description:
        'Share of the settled orders whose payment was declined. Some cards always are; a jump is the payment provider, or somebody trying out stolen cards.',
      unit: 'percentunit',
      softMax: 0.1,
      max: 1,
      expr: shareOf(
        'box_office_orders_total',
        { label: 'outcome', inside: '="declined"', outside: '!="declined"' },
        [],
        { outcome: '=~"confirmed|declined"' },
      ),
      legend: 'declined',
    }),
    timeSeries({
      title: 'Declines by reason',
      description:
        'Declined payments per second, by what the provider says. One reason alone going up: ask the provider. Insufficient funds at every hour alike: stolen cards being tried.',
      unit: 'cps',
      stacked: true,
      expr: sumBy(['reason'], rate('box_office_payments_declined_total')),
      legend: '{{reason}}',
    }),
    timeSeries({
      title: 'Payments in doubt',
      description:
        'Charges and orders of which it is not known whether they are paid. They are settled by asking the provider, never by charging again; more than two minutes old, they make an alert.',
      unit: 'short',
      softMax: 5,
      queries: [
        { expr: maxBy(['service_name'], select('box_office_charges_pending')), legend: 'charges' },
        { expr: maxBy(['service_name'], select('box_office_orders_pending')), legend: 'orders' },
      ],
    }),
  ],
}
