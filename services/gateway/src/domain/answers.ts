import { type Problem, problemSchema } from '@faultline/contracts'
import { DependencyError, type HttpAnswer } from '@faultline/service-kit'
import type { z } from 'zod'

/**
 * What a service said, checked against the contract. The JSON stays as it came: the services' resources are the
 * public ones, so taking them apart and writing them again would only cost.
 */
export type Answer =
  | { kind: 'found'; status: number; json: string; headers: PassedHeaders }
  | { kind: 'not-modified'; headers: PassedHeaders }
  | { kind: 'done' }
  | { kind: 'refused'; problem: Problem; headers: PassedHeaders }

export type PassedHeaders = Readonly<Record<string, string>>

/** What a service says in headers that its callers must hear. */
const PASSED = ['etag', 'retry-after', 'www-authenticate'] as const

/** The answers that a contract allows beside problems: a schema by status, null where there is no body. */
export type Allowed = Readonly<Record<number, z.ZodType | null>>

/**
 * @param dependency configured name of the service
 * @throws DependencyError when the answer is not what the contract says
 */
export function checkAnswer(dependency: string, allowed: Allowed, answer: HttpAnswer): Answer {
  const { status, body } = answer
  const headers = passedHeaders(answer)
  if (status === 304) return { kind: 'not-modified', headers }
  if (status >= 400) {
    return { kind: 'refused', problem: parse(dependency, problemSchema, body), headers }
  }
  const schema = allowed[status]
  if (schema === undefined)
    throw new DependencyError(dependency, 'invalid_answer', new Error(`answered ${status}`))
  if (schema === null) return { kind: 'done' }
  parse(dependency, schema, body)
  return { kind: 'found', status, json: body, headers }
}

export function passedHeaders({ headers }: HttpAnswer): PassedHeaders {
  const passed: Record<string, string> = {}
  for (const name of PASSED) {
    const value = headers[name]
    if (typeof value === 'string') passed[name] = value
  }
  return passed
}

function parse<Output>(dependency: string, schema: z.ZodType<Output>, body: string): Output {
  let json: unknown
  try {
    json = JSON.parse(body)
  } catch (error) {
    throw new DependencyError(dependency, 'invalid_answer', error)
  }
  const result = schema.safeParse(json)
  if (!result.success) throw new DependencyError(dependency, 'invalid_answer', result.error)
  return result.data
}
