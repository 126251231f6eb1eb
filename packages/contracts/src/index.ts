export {
  IDEMPOTENCY_KEY_HEADER,
  idempotencyKeySchema,
  MAX_SEATS,
  type Money,
  moneySchema,
  type Order,
  type OrderPage,
  type OrderRequest,
  type OrderStatus,
  orderPageSchema,
  orderRequestSchema,
  orderSchema,
  orderStatusSchema,
  type Reservation,
  type ReservationRequest,
  type ReservationStatus,
  reservationRequestSchema,
  reservationSchema,
  reservationStatusSchema,
} from './booking.ts'
export {
  type Concert,
  type ConcertPage,
  type ConcertPatch,
  type ConcertSearch,
  type ConcertSummary,
  concertPageSchema,
  concertPatchSchema,
  concertSchema,
  concertSearchSchema,
  concertStatusSchema,
  concertSummarySchema,
} from './concerts.ts'
export {
  CURSOR_MAX_LENGTH,
  type CursorFilters,
  type CursorFormat,
  cursorFormat,
  InvalidCursorError,
} from './cursor.ts'
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
export { concertIdSchema, idSchema, venueIdSchema } from './identifiers.ts'
export {
  DEFAULT_PAGE_LIMIT,
  MAX_PAGE_LIMIT,
  type Page,
  type PageQuery,
  pageQuerySchema,
} from './pagination.ts'
export {
  CHARGE_TOKEN_AUDIENCE,
  CHARGE_TOKEN_ISSUER,
  CHARGE_TOKEN_SCOPE,
  type Charge,
  type ChargeRequest,
  type ChargeStatus,
  chargeRequestSchema,
  chargeSchema,
  chargeStatusSchema,
} from './payments.ts'
export { type Problem, problemSchema } from './problem.ts'
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
export {
  type Availability,
  type AvailabilityPage,
  type AvailabilityQuery,
  availabilityPageSchema,
  availabilityQuerySchema,
  availabilitySchema,
  MAX_AVAILABILITY_CONCERTS,
  type Seat,
  type SeatPage,
  type SeatStatus,
  seatPageSchema,
  seatSchema,
  seatStatusSchema,
} from './seats.ts'
export {
  ACCESS_TOKEN_SECONDS,
  type Credentials,
  credentialsSchema,
  REVOKED_SESSIONS_BUCKET,
  refreshSchema,
  type Scope,
  type Session,
  scopeSchema,
  scopes,
  sessionSchema,
  USER_TOKEN_AUDIENCE,
  USER_TOKEN_ISSUER,
} from './sessions.ts'
export { instantSchema, textSchema } from './text.ts'
export {
  type CreatedWebhook,
  createdWebhookSchema,
  type Ticket,
  ticketSchema,
  type Webhook,
  type WebhookRequest,
  webhookListSchema,
  webhookRequestSchema,
  webhookSchema,
} from './tickets.ts'
export { type Venue, type VenuePage, venuePageSchema, venueSchema } from './venues.ts'
