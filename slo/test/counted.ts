/** What an objective counts and what it does not, on series as services have them: a selector alone does not say it. */
import { type ObjectiveName, objectives } from '../src/objectives.ts'
import type { Case } from './cases.ts'
import { firing } from './cases.ts'

const CATALOG = 'http_server_request_duration_seconds_count{service_name="catalog"'
const CATALOG_WITHIN = 'http_server_request_duration_seconds_bucket{service_name="catalog"'
const GATEWAY = 'http_server_request_duration_seconds_count{service_name="gateway"'
const ORDERS_WITHIN =
  'http_server_request_duration_seconds_bucket{service_name="gateway",http_request_method="POST",http_route="/v1/orders"'
const TICKETS_WITHIN = 'box_office_payment_to_ticket_seconds_bucket{service_name="ticketing"'
const BAD = 'round(slo:sli_error:ratio_rate1h, 0.001)'

/** Series that grow by so much a step, or that are written out in promtool's notation. */
const series = (values: Readonly<Record<string, number | string>>): Required<Case>['series'] =>
  Object.entries(values).map(([name, value]) => ({
    series: name,
    values: typeof value === 'number' ? `0+${value}x400` : value,
  }))

/** Nothing of it is bad. */
const NONE_BAD = [
  { atMinute: 270, expr: BAD, value: 0 },
  { atMinute: 270, expr: 'ALERTS' },
]
/** A fiftieth of it is bad. */
const FIFTIETH_BAD = [{ atMinute: 270, expr: BAD, value: 0.02 }]

export const COUNTED: readonly (Case & { readonly objective: ObjectiveName })[] = [
  {
    objective: 'catalog-availability',
    name: 'neither what the caller did wrong counts, nor what another service failed',
    series: series({
      [`${CATALOG},http_response_status_code="404"}`]: 200,
      [`${GATEWAY},http_response_status_code="500"}`]: 200,
    }),
    expected: NONE_BAD,
  },
  {
    objective: 'catalog-availability',
    name: 'the first failures ever, so that the counter of failures is new',
    series: series({
      [`${CATALOG},http_response_status_code="200"}`]: '0+200x150 30000x60',
      [`${CATALOG},http_response_status_code="500"}`]: '_x151 200+200x59',
    }),
    expected: [
      { atMinute: 158, expr: firing(objectives['catalog-availability'].alerts.page) },
      { atMinute: 161, expr: firing(objectives['catalog-availability'].alerts.page), value: 1 },
    ],
  },
  {
    objective: 'catalog-availability',
    name: 'one replica restarts, its counters start again, the other fails a little',
    series: series({
      [`${CATALOG},service_instance_id="catalog-1",http_response_status_code="200"}`]: '0+100x150 0+100x150',
      [`${CATALOG},service_instance_id="catalog-1",http_response_status_code="500"}`]:
        '1000x150 _ _ _ _ _ _ _ _ _ 0x140',
      [`${CATALOG},service_instance_id="catalog-2",http_response_status_code="200"}`]: '0+99x300',
      [`${CATALOG},service_instance_id="catalog-2",http_response_status_code="500"}`]: '0+1x300',
    }),
    expected: [
      { atMinute: 160, expr: 'ALERTS' },
      { atMinute: 160, expr: BAD, value: 0.005 },
      { atMinute: 270, expr: 'min_over_time(slo:sli_error:ratio_rate5m[5m]) >= bool 0', value: 1 },
    ],
  },
  {
    objective: 'booking-success',
    name: 'a declined card, a lost seat, an open payment and the mistakes of callers are answers; other routes are not counted',
    series: series({
      [`${GATEWAY},http_request_method="POST",http_route="/v1/orders",http_response_status_code="402"}`]: 200,
      [`${GATEWAY},http_request_method="POST",http_route="/v1/orders",http_response_status_code="202"}`]: 200,
      [`${GATEWAY},http_request_method="POST",http_route="/v1/reservations",http_response_status_code="409"}`]: 200,
      [`${GATEWAY},http_request_method="POST",http_route="/v1/reservations",http_response_status_code="429"}`]: 200,
      [`${GATEWAY},http_request_method="POST",http_route="/v1/sessions",http_response_status_code="500"}`]: 200,
      [`${GATEWAY},http_request_method="GET",http_route="/v1/orders",http_response_status_code="500"}`]: 200,
      // Booking's own failures that the gateway's retries hide are not seen by a visitor.
      'http_server_request_duration_seconds_count{service_name="booking",http_request_method="POST",http_route="/orders",http_response_status_code="500"}': 200,
    }),
    expected: NONE_BAD,
  },
  {
    objective: 'catalog-latency',
    name: "failures are the other objective's, however slow",
    series: series({
      [`${CATALOG_WITHIN},http_response_status_code="200",le="0.25"}`]: 196,
      [`${CATALOG_WITHIN},http_response_status_code="200",le="0.5"}`]: 200,
      [`${CATALOG_WITHIN},http_response_status_code="200",le="+Inf"}`]: 200,
      [`${CATALOG_WITHIN},http_response_status_code="500",le="0.25"}`]: 0,
      [`${CATALOG_WITHIN},http_response_status_code="500",le="+Inf"}`]: 20,
    }),
    expected: FIFTIETH_BAD,
  },
  {
    objective: 'booking-latency',
    name: "failures are the other objective's, however slow",
    series: series({
      [`${ORDERS_WITHIN},http_response_status_code="200",le="2.5"}`]: 196,
      [`${ORDERS_WITHIN},http_response_status_code="200",le="5"}`]: 200,
      [`${ORDERS_WITHIN},http_response_status_code="200",le="+Inf"}`]: 200,
      [`${ORDERS_WITHIN},http_response_status_code="500",le="2.5"}`]: 0,
      [`${ORDERS_WITHIN},http_response_status_code="500",le="+Inf"}`]: 20,
    }),
    expected: FIFTIETH_BAD,
  },
  {
    objective: 'ticket-in-time',
    name: 'a ticket that comes late is bad',
    series: series({
      [`${TICKETS_WITHIN},le="5"}`]: 196,
      [`${TICKETS_WITHIN},le="10"}`]: 200,
      [`${TICKETS_WITHIN},le="+Inf"}`]: 200,
    }),
    expected: FIFTIETH_BAD,
  },
]
