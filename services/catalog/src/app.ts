import { catalogDocument } from '@faultline/contracts'
import {
  type AppTelemetry,
  createServiceApp,
  type Shedding,
  type TokenVerifier,
} from '@faultline/service-kit'
import type Koa from 'koa'
import type { Concerts } from './domain/concerts.ts'
import type { Seats } from './domain/seats.ts'
import type { Venues } from './domain/venues.ts'
import { concertRoutes } from './routes/concerts.ts'
import { asProblem } from './routes/problems.ts'
import { seatRoutes } from './routes/seats.ts'
import { venueRoutes } from './routes/venues.ts'

export interface AppDependencies {
  telemetry: AppTelemetry
  concerts: Concerts
  venues: Venues
  seats: Seats
  /** Checks the tokens of those who change concerts; everybody may read. */
  verifier: TokenVerifier
  /** When requests are turned away; the defaults otherwise. */
  shedding: Shedding
}

/** The catalog's HTTP interface. */
export function createApp({ telemetry, concerts, venues, seats, verifier, shedding }: AppDependencies): Koa {
  return createServiceApp({
    telemetry,
    document: catalogDocument(),
    routes: [concertRoutes(concerts, verifier), venueRoutes(venues), seatRoutes(seats)],
    asProblem,
    shedding,
  })
}
