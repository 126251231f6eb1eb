import { once } from 'node:events'
import { rm } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import { Readable } from 'node:stream'
import { setTimeout as delay } from 'node:timers/promises'
import { bodyParser } from '@koa/bodyparser'
import Router from '@koa/router'
import Koa, { type Context, type Next } from 'koa'
import type { Logger } from 'pino'
import { ZodError, z } from 'zod'
import { ExitCode, messageOf, StackError } from '../errors.ts'
import type { Supervisor } from '../supervisor.ts'
import { type Problem, restartBody, signalBody } from './protocol.ts'

const LINGER_MS = 500

export interface ControlServer extends AsyncDisposable {
  readonly server: Server
}

/**
 * Serves the supervisor's control API on a Unix socket that only the own user may open:
 * `GET /state`, `GET /changes` (one JSON document a line for each change), `POST /components/:name/{start,stop,
 * restart,signal}` (answered when done) and `POST /stop`.
 */
export async function serveControl(
  supervisor: Supervisor,
  socket: string,
  log: Logger,
  onStop: () => void,
): Promise<ControlServer> {
  const app = new Koa()
  // who follows the changes leaves in the middle of the answer
  app.on('error', (error) => log.debug({ error: messageOf(error) }, 'answer was cut short'))
  app.use(problems)
  app.use(bodyParser({ enableTypes: ['json'] }))
  const router = routes(supervisor, onStop)
  app.use(router.routes()).use(router.allowedMethods())
  const server = createServer(app.callback())
  // a socket file of a killed supervisor; a running one was ruled out by the lock
  await rm(socket, { force: true })
  const umask = process.umask(0o077)
  try {
    server.listen(socket)
    await once(server, 'listening')
  } finally {
    process.umask(umask)
  }
  return {
    server,
    async [Symbol.asyncDispose]() {
      const closed = once(server, 'close')
      server.close()
      // whoever reads the last changes gets a moment for it
      await Promise.race([closed, delay(LINGER_MS)])
      server.closeAllConnections()
      await rm(socket, { force: true })
    },
  }
}

function routes(supervisor: Supervisor, onStop: () => void): Router {
  const router = new Router()
  const named = (context: Context & { params: Record<string, string> }): string => context.params.name ?? ''
  const done = (context: Context): void => {
    context.status = 204
  }
  router.get('/state', (context) => {
    context.body = supervisor.snapshot()
  })
  router.get('/changes', (context) => {
    context.type = 'application/x-ndjson'
    context.body = Readable.from(lines(supervisor))
  })
  router.post('/components/:name/start', async (context) => {
    await supervisor.startComponent(named(context))
    done(context)
  })
  router.post('/components/:name/stop', async (context) => {
    await supervisor.stopComponent(named(context))
    done(context)
  })
  router.post('/components/:name/restart', async (context) => {
    await supervisor.restartComponent(named(context), restartBody.parse(context.request.body ?? {}))
    done(context)
  })
  router.post('/components/:name/signal', (context) => {
    supervisor.signalComponent(named(context), signalBody.parse(context.request.body).signal)
    done(context)
  })
  router.post('/stop', (context) => {
    context.status = 202
    onStop()
  })
  return router
}

async function* lines(supervisor: Supervisor): AsyncGenerator<string> {
  for await (const state of supervisor.changes()) yield `${JSON.stringify(state)}\n`
}

async function problems(context: Context, next: Next): Promise<void> {
  try {
    await next()
  } catch (error) {
    const problem = problemOf(error)
    context.status = problem.status
    context.type = 'application/problem+json'
    context.body = problem
  }
}

function problemOf(error: unknown): Problem {
  const refusal = (
    status: number,
    title: string,
    detail: string,
    exitCode: Problem['exitCode'],
  ): Problem => ({
    type: 'about:blank',
    title,
    status,
    detail,
    exitCode,
  })
  if (error instanceof ZodError) return refusal(400, 'Bad Request', z.prettifyError(error), ExitCode.wrongUse)
  if (error instanceof StackError && error.exitCode !== ExitCode.done) {
    const status = error.exitCode === ExitCode.wrongUse ? 404 : 409
    return refusal(status, status === 404 ? 'Not Found' : 'Conflict', error.message, error.exitCode)
  }
  // the body parser's errors carry the status of their answer
  if (error instanceof Error && 'status' in error && error.status === 400) {
    return refusal(400, 'Bad Request', error.message, ExitCode.wrongUse)
  }
  return refusal(500, 'Internal Server Error', messageOf(error), ExitCode.checkFailed)
}
