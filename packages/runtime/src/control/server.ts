import { once } from 'node:events'
import { rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import { Readable } from 'node:stream'
import { setTimeout as delay } from 'node:timers/promises'
import { bodyParser } from '@koa/bodyparser'
import Router from '@koa/router'
import Koa, { type Context, type Next } from 'koa'
import type { Logger } from 'pino'
import { ZodError, z } from 'zod'
import { ExitCode, type FailureCode, messageOf, StackError } from '../errors.ts'
import type { Supervisor } from '../supervisor.ts'
import { type Problem, restartBody, signalBody } from './protocol.ts'

const LINGER_MS = 500

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
): Promise<AsyncDisposable> {
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
  const onComponent = (action: string, act: (name: string, body: unknown) => Promise<void> | void): void => {
    router.post(`/components/:name/${action}`, async (context) => {
      await act(context.params.name ?? '', context.request.body)
      context.status = 204
    })
  }
  router.get('/state', (context) => {
    context.body = supervisor.snapshot()
  })
  router.get('/changes', (context) => {
    context.type = 'application/x-ndjson'
    context.body = Readable.from(lines(supervisor))
  })
  onComponent('start', (name) => supervisor.startComponent(name))
  onComponent('stop', (name) => supervisor.stopComponent(name))
  onComponent('restart', (name, body) => supervisor.restartComponent(name, restartBody.parse(body ?? {})))
  onComponent('signal', (name, body) => supervisor.signalComponent(name, signalBody.parse(body).signal))
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
  const refusal = (status: number, title: string, detail: string, exitCode: FailureCode): Problem => {
    return { type: 'about:blank', title, status, detail, exitCode }
  }
  if (error instanceof ZodError) return refusal(400, 'Bad Request', z.prettifyError(error), ExitCode.wrongUse)
  if (error instanceof StackError) {
    const status = error.exitCode === ExitCode.wrongUse ? 404 : 409
    return refusal(status, status === 404 ? 'Not Found' : 'Conflict', error.message, error.exitCode)
  }
  // the body parser's errors carry the status of their answer
  if (error instanceof Error && 'status' in error && error.status === 400) {
    return refusal(400, 'Bad Request', error.message, ExitCode.wrongUse)
  }
  return refusal(500, 'Internal Server Error', messageOf(error), ExitCode.checkFailed)
}
