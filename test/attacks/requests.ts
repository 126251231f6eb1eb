import { z } from 'zod'

/** Marks the record that a log injection would forge. */
export const FORGED = 'forged-record'

/** Header that a response splitting would add. */
export const SPLIT_HEADER = 'x-split'

/** What attackers put into inputs, by what it is meant to break. */
export const attacks: Readonly<Record<string, string>> = {
  'SQL, always true': "' OR '1'='1",
  'SQL, second statement': "x'; DROP TABLE booking.reserved_seats CASCADE; --",
  'SQL, union': "' UNION SELECT username, password_hash FROM gateway.users --",
  'SQL, sleep': "1'||(SELECT pg_sleep(5))||'",
  'SQL, double quotes': '" OR ""="',
  'SQL, backslash': "\\'; SELECT 1; --",
  'header, CRLF': `x\r\n${SPLIT_HEADER}: 1\r\n\r\n<html>`,
  'log, new record': `x\n{"level":50,"time":1,"msg":"${FORGED}"}`,
  'log, JSON': `x","msg":"${FORGED}","y":"`,
  'log, terminal': '\u001b[2J\u001b[31mgone',
  NUL: 'x\u0000y',
  script: '<script>alert(1)</script>',
  template: '{{7*7}}#{7*7}<%= 7*7 %>',
  path: '../../../../etc/passwd',
  prototype: '__proto__',
  'lone surrogate': 'x\ud800y',
}

const parameter = z.looseObject({ name: z.string(), in: z.enum(['path', 'query', 'header']) })
const operation = z.looseObject({
  parameters: z.array(parameter).default([]),
  requestBody: z
    .looseObject({
      content: z.record(z.string(), z.looseObject({ schema: z.looseObject({ $ref: z.string() }) })),
    })
    .optional(),
})
const document = z.looseObject({ paths: z.record(z.string(), z.record(z.string(), operation)) })

/** A request with one hostile input. */
export interface Attack {
  /** For people: the operation and where the string is. */
  readonly where: string
  readonly method: string
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string
}

export interface Examples {
  /** Values of path parameters and headers that are in order, by name. */
  readonly parameters: Readonly<Record<string, string>>
  /** Bodies that are in order, by the name of their schema. */
  readonly bodies: Readonly<Record<string, Readonly<Record<string, unknown>>>>
}

/**
 * One request for each input of each operation of an OpenAPI document, with the string in that input and everything
 * else in order.
 *
 * @throws when an operation has a body for which there is no example: a new one must be attacked, too
 */
export function attacksOn(openApi: unknown, text: string, examples: Examples): Attack[] {
  return Object.entries(document.parse(openApi).paths).flatMap(([route, methods]) =>
    Object.entries(methods).flatMap(([method, { parameters, requestBody }]) => {
      const reference = requestBody?.content['application/json']?.schema.$ref
      const body = reference === undefined ? undefined : exampleOf(reference, examples)
      const build = (where: string, inPlace: Readonly<Record<string, string>>, sent: unknown): Attack => ({
        where: `${method} ${route}, ${where}`,
        method: method.toUpperCase(),
        path: fill(route, parameters, { ...examples.parameters, ...inPlace }, inPlace),
        headers: headersOf(parameters, { ...examples.parameters, ...inPlace }),
        ...(sent !== undefined && { body: typeof sent === 'string' ? sent : JSON.stringify(sent) }),
      })
      return [
        ...parameters.map(({ name, in: place }) => build(`${place} ${name}`, { [name]: text }, body)),
        ...Object.keys(body ?? {}).map((field) =>
          build(`body ${field}`, {}, { ...body, [field]: Array.isArray(body?.[field]) ? [text] : text }),
        ),
        ...(body === undefined
          ? []
          : [build('name of a field', {}, { ...body, [text]: text }), build('the body itself', {}, text)]),
      ]
    }),
  )
}

function exampleOf(reference: string, { bodies }: Examples): Readonly<Record<string, unknown>> {
  const name = reference.split('/').at(-1) ?? ''
  const body = bodies[name]
  if (body === undefined) throw new Error(`no example of the body ${name}`)
  return body
}

type Parameter = z.output<typeof parameter>

function fill(
  route: string,
  parameters: readonly Parameter[],
  values: Readonly<Record<string, string>>,
  inPlace: Readonly<Record<string, string>>,
): string {
  const path = route.replace(/\{(\w+)\}/g, (_, name: string) => encode(values[name] ?? name))
  const query = parameters
    .filter(({ name, in: place }) => place === 'query' && name in inPlace)
    .map(({ name }) => `${name}=${encode(values[name] ?? '')}`)
  return query.length === 0 ? path : `${path}?${query.join('&')}`
}

/** Headers carry neither line ends nor NUL: the client refuses them, so they are sent as they are spelled in URLs. */
function headersOf(
  parameters: readonly Parameter[],
  values: Readonly<Record<string, string>>,
): Record<string, string> {
  return Object.fromEntries(
    parameters.flatMap(({ name, in: place }) => {
      const value = values[name]
      if (place !== 'header' || value === undefined) return []
      return [[name, /^[\t\x20-\x7e]*$/.test(value) ? value : encode(value)]]
    }),
  )
}

/** `encodeURIComponent` refuses lone surrogates. */
function encode(text: string): string {
  return encodeURIComponent(text.toWellFormed())
}
