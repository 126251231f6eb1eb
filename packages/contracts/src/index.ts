export {
  IDEMPOTENCY_KEY_HEADER,
  idempotencyKeySchema,
  type Order,
  type OrderPage,
  type OrderRequest,
  orderRequestSchema,
  orderSchema,
  type Reservation,
  type ReservationRequest,
  reservationRequestSchema,
  reservationSchema,
} from './booking.ts'
export {
  type Availability,
  type AvailabilityPage,
  availabilityPageSchema,
  availabilityQuerySchema,
  type Concert,
  type ConcertPage,
  type ConcertPatch,
  type ConcertSearch,
  type ConcertSummary,
  concertPageSchema,
  concertPatchSchema,
  concertSchema,
  concertSearchSchema,
  type Seat,
  type SeatPage,
  seatPageSchema,
  type Venue,
  type VenuePage,
  venuePageSchema,
  venueSchema,
} from './catalog.ts'
export { cursorFormat, InvalidCursorError } from './cursor.ts'
export {
  bookingDocument,
  catalogDocument,
  gatewayDocument,
  paymentsDocument,
  providerDocument,
  ticketingDocument,
} from './documents.ts'
export {
  DEAD_LETTERS_STREAM,
  deadLetterHeaders,
  deadLetterSubject,
  deadLettersStream,
  ORDER_CONFIRMED_SUBJECT,
  ORDERS_STREAM,
  type OrderConfirmed,
  orderConfirmedSchema,
  ordersStream,
  replaySubject,
  TICKET_RENDERER,
  WEBHOOK_SENDER,
} from './events.ts'
export { FLAGS_BUCKET, type FlagDefinition, type FlagName, type FlagValue, flags } from './flags.ts'
export {
  CHARGE_TOKEN_AUDIENCE,
  CHARGE_TOKEN_ISSUER,
  CHARGE_TOKEN_SCOPE,
  type Charge,
  type ChargeRequest,
  type ChargeStatus,
  chargeRequestSchema,
  chargeSchema,
} from './payments.ts'
export {
  type ProviderCharge,
  type ProviderChargeRequest,
  providerChargeListSchema,
  providerChargeQuerySchema,
  providerChargeRequestSchema,
  providerChargeSchema,
} from './provider.ts'
export {
  operationsOf,
  PUBLIC_PREFIX,
  type PublicOperation,
  type PublicService,
  publicServices,
} from './public-services.ts'
export { type Problem, problemSchema } from './responses.ts'
export {
  ACCESS_TOKEN_SECONDS,
  type Credentials,
  credentialsSchema,
  REVOKED_SESSIONS_BUCKET,
  refreshSchema,
  type Scope,
  type Session,
  sessionSchema,
  USER_TOKEN_AUDIENCE,
  USER_TOKEN_ISSUER,
} from './sessions.ts'
export { type CreatedWebhook, type Ticket, type Webhook, webhookRequestSchema } from './ticketing.ts'
export {
  concertIdSchema,
  idSchema,
  instantSchema,
  type Page,
  type PageQuery,
  pageQuerySchema,
  textSchema,
  venueIdSchema,
} from './values.ts'
