import { catalogDocument } from '@faultline/contracts'
import {
  deadline,
  inputRejections,
  type LoadSheddingOptions,
  type Logger,
  loadShedding,
  type MetricsRegistry,
  problems,
  requestId,
  type TokenVerifier,
} from '@faultline/service-kit'
import type { Telemetry } from '@faultline/telemetry'
import Router from '@koa/router'
import Koa from 'koa'
import type { Concerts } from './domain/concerts.ts'
import type { Seats } from './domain/seats.ts'
import type { Venues } from './domain/venues.ts'
import { concertRoutes } from './routes/concerts.ts'
import { domainProblems } from './routes/problems.ts'
import { seatRoutes } from './routes/seats.ts'
import type { State } from './routes/state.ts'
import { venueRoutes } from './routes/venues.ts'

export interface AppDependencies {
  telemetry: Pick<Telemetry, 'middleware'> & { logger: Logger; register: MetricsRegistry }
  concerts: Concerts
  venues: Venues
  seats: Seats
  /** Checks the tokens of those who change concerts; everybody may read. */
  verifier: TokenVerifier
  /** When requests are turned away; the defaults otherwise. */
  shedding?: Omit<LoadSheddingOptions, 'register'>
}

/** The catalog's HTTP interface. */
export function createApp({ telemetry, concerts, venues, seats, verifier, shedding }: AppDependencies): Koa {
  const { logger, register } = telemetry
  const document = JSON.stringify(catalogDocument())
  const router = new Router<State>()
  for (const routes of [concertRoutes(concerts, verifier), venueRoutes(venues), seatRoutes(seats)]) {
    router.use(routes.routes())
  }
  router.get('/openapi.json', (ctx) => {
    ctx.type = 'application/json'
    ctx.body = document
  })

  const app = new Koa()
  // What goes wrong after the problems middleware: a client that leaves, or an answer that cannot be sent.
  app.on('error', (error) => logger.warn({ err: error }, 'request broke off'))
  app.use(telemetry.middleware())
  app.use(requestId())
  app.use(problems({ logger, onProblem: inputRejections({ logger, register }) }))
  app.use(loadShedding({ ...shedding, register }))
  app.use(deadline())
  app.use(domainProblems())
  app.use(router.routes())
  app.use(router.allowedMethods())
  return app
}
