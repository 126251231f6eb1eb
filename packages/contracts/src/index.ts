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
export { catalogDocument, gatewayDocument } from './documents.ts'
export { concertIdSchema, idSchema, venueIdSchema } from './identifiers.ts'
export {
  DEFAULT_PAGE_LIMIT,
  MAX_PAGE_LIMIT,
  type Page,
  type PageQuery,
  pageQuerySchema,
} from './pagination.ts'
export { type Problem, problemSchema } from './problem.ts'
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
export { instantSchema, textSchema } from './text.ts'
export { type Venue, type VenuePage, venuePageSchema, venueSchema } from './venues.ts'
