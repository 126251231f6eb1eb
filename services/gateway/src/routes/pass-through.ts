import { IDEMPOTENCY_KEY_HEADER, operationsOf, PUBLIC_PREFIX, type PublicService } from '@faultline/contracts'
import {
  type AuthenticatedState,
  createHttpClient,
  type Deadline,
  deadline,
  type HttpClient,
  type HttpClientOptions,
  REQUEST_ID_HEADER,
  readJsonBody,
  validate,
} from '@faultline/service-kit'
import Router from '@koa/router'
import type { Middleware } from 'koa'
import { answerReader } from './answers.ts'

/** What the middleware before the routes leaves in `ctx.state`, and that of a protected route. */
export interface UserState extends AuthenticatedState {
  requestId: string
  deadline: Deadline
}

/** Middleware of a route that wants a user with all of the scopes. */
export type Protect = (...scopes: string[]) => Middleware<UserState>

/** A service behind the gateway, and where it is: an origin for each of its replicas. */
export interface UpstreamAddress {
  readonly service: PublicService
  readonly origins: readonly string[]
}

/** The ways to the services, all with the same protections; what is special about one is in its contract. */
export function connectUpstreams(
  addresses: readonly UpstreamAddress[],
  options: Omit<HttpClientOptions, 'dependency' | 'origins'>,
) {
  return addresses.map(({ service, origins }) => {
    const { name: dependency, attemptTimeoutMs } = service
    const special = attemptTimeoutMs === undefined ? {} : { attemptTimeoutMs }
    return { service, client: createHttpClient({ ...options, ...special, dependency, origins }) }
  })
}

/** A service behind the gateway, and the way to it. */
export interface Upstream {
  readonly service: PublicService
  readonly client: Pick<HttpClient, 'call'>
}

type ServiceOperation = ReturnType<typeof operationsOf>[number]

/** The public routes that a service answers: the operations of its contract, one to one. */
export function passThroughRoutes(upstream: Upstream, protect: Protect): Router<UserState> {
  const router = new Router<UserState>({ prefix: PUBLIC_PREFIX })
  for (const serviceOperation of operationsOf(upstream.service)) {
    const { method, path, operation } = serviceOperation
    const [requirement] = operation.security
    const timeoutMs = operation['x-timeout-ms']
    router.register(
      path.replaceAll(/\{(\w+)\}/g, ':$1'),
      [method],
      [
        ...(requirement ? [protect(...requirement.bearer)] : []),
        ...(timeoutMs === undefined ? [] : [deadline({ maxMs: timeoutMs, trustIncoming: false })]),
        passOn(serviceOperation, upstream),
      ],
    )
  }
  return router
}

/**
 * Checks the input, so that rubbish costs no call, calls the service and answers what it answers. The service hears
 * the user's token, checks it again and decides what this user may do.
 */
function passOn(
  { method, path, operation }: ServiceOperation,
  { service, client }: Upstream,
): Middleware<UserState> {
  const { path: pathSchema, query, header } = operation.requestParams ?? {}
  const bodySchema = operation.requestBody?.content['application/json'].schema
  const forUsers = operation.security.length > 0
  const idempotent =
    operation['x-idempotent'] ??
    (IDEMPOTENT_METHODS.has(method) || (header !== undefined && IDEMPOTENCY_KEY_HEADER in header.shape))
  const { encoding, read } = answerReader(service.name, operation)

  return async function passOnMiddleware(ctx) {
    const values = pathSchema ? validate(pathSchema, ctx.params, 'path') : {}
    if (query) validate(query, ctx.query, 'query')
    const headers = header ? validate(header, ctx.headers, 'header') : {}
    const body = bodySchema && JSON.stringify(validate(bodySchema, await readJsonBody(ctx), 'body'))
    const answer = await client.call({
      method,
      // The query goes on as it came.
      path: pathAt(path, values) + (query ? ctx.search : ''),
      headers: {
        ...(headers as Record<string, string>),
        [REQUEST_ID_HEADER]: ctx.state.requestId,
        ...(forUsers && { authorization: `Bearer ${ctx.state.token}` }),
        ...(body !== undefined && { 'content-type': 'application/json' }),
      },
      ...(body !== undefined && { body }),
      deadline: ctx.state.deadline,
      idempotent,
      encoding,
    })
    const passed = read(answer)
    for (const [name, value] of Object.entries(passed.headers)) {
      // What the gateway itself has said stays: answers for users are `no-store`.
      if (!ctx.res.hasHeader(name)) ctx.set(name, value)
    }
    ctx.body = passed.body
    // After the body, as Koa takes none for 204.
    ctx.status = passed.status
  }
}

/** RFC 9110, section 9.2.2. */
const IDEMPOTENT_METHODS: ReadonlySet<ServiceOperation['method']> = new Set(['GET', 'PUT', 'DELETE'])

/** A path of a contract with its values filled in, each of them one segment. */
export function pathAt(path: string, values: Readonly<Record<string, unknown>>): string {
  return path.replaceAll(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(String(values[name])))
}
