import { randomUUID } from 'node:crypto'
import type Router from '@koa/router'
import type Koa from 'koa'
import { z } from 'zod'
import { serve } from './telemetry.ts'

const documentSchema = z.looseObject({
  paths: z.record(
    z.string(),
    z.record(
      z.string(),
      z.looseObject({ security: z.array(z.record(z.string(), z.array(z.string()))).optional() }),
    ),
  ),
})

/** Where a service publishes its document, which need not describe itself. */
const DOCUMENT_ROUTE = '/openapi.json'

/**
 * What is wrong with an application's routes, one sentence each; empty where every route in a Koa router is in the
 * document that the application publishes and the other way round, every operation says who may use it, and none but
 * the public ones answer without a token. Sees routes of routers only, not a middleware that answers by itself.
 */
export async function apiFaults(app: Koa): Promise<string[]> {
  await using server = await serve(app)
  const { paths } = documentSchema.parse(await (await fetch(`${server.url}${DOCUMENT_ROUTE}`)).json())
  const documented = new Map(
    Object.entries(paths).flatMap(([route, operations]) =>
      Object.entries(operations).map(([method, { security }]): [string, typeof security] => [
        `${method.toUpperCase()} ${route}`,
        security,
      ]),
    ),
  )
  const registered = registeredRoutes(app)

  const faults = [
    ...registered.filter((name) => !documented.has(name)).map((name) => `${name} is in no document`),
    ...[...documented.keys()]
      .filter((name) => !registered.includes(name))
      .map((name) => `${name} is documented, but there is no such route`),
    ...[...documented]
      .filter(([, security]) => security === undefined)
      .map(([name]) => `${name} does not say who may use it`),
  ]
  for (const name of registered) {
    if (documented.get(name)?.length === 0) continue
    const [method = '', route = ''] = name.split(' ')
    const path = route.replace(/\{\w+\}/g, () => randomUUID())
    const { status } = await fetch(`${server.url}${path}`, { method })
    if (status !== 401) faults.push(`${name} answers ${status} without a token`)
  }
  return faults
}

/** `GET /orders/{orderId}`, as OpenAPI writes it, for every route of every router of an application. */
function registeredRoutes(app: Koa): string[] {
  const routers = app.middleware.flatMap((middleware) => routerOf(middleware) ?? [])
  const routes = routers.flatMap(({ stack }) =>
    stack.flatMap(({ methods, path }) =>
      methods
        // A router answers HEAD for every GET.
        .filter((method) => method !== 'HEAD')
        .map((method) => `${method} ${String(path).replace(/:(\w+)/g, '{$1}')}`),
    ),
  )
  return routes.filter((name) => name !== `GET ${DOCUMENT_ROUTE}`)
}

function routerOf(middleware: Koa.Middleware & { router?: Router }): Router | undefined {
  return middleware.router
}
