import type { Context } from 'koa'
import getRawBody from 'raw-body'
import type { z } from 'zod'
import { type InputError, ProblemError, validationFailed } from './problem.ts'

/** Longest body read, in bytes. */
const LIMIT_BYTES = 64 * 1024

/**
 * Reads the request's body as JSON.
 *
 * @param types media types taken
 * @throws ProblemError 415 for another media type or a compressed body, 413 naming the limit, 400 naming where
 *   the JSON breaks off
 */
export async function readJsonBody(
  ctx: Context,
  types: readonly string[] = ['application/json'],
): Promise<unknown> {
  if (!ctx.is([...types]) || ctx.get('content-encoding')) throw unsupportedMediaType(types)
  const text = await readText(ctx)
  try {
    return JSON.parse(text)
  } catch (error) {
    throw malformedJson(text, error)
  }
}

async function readText(ctx: Context): Promise<string> {
  try {
    return await getRawBody(ctx.req, {
      length: ctx.request.length ?? null,
      limit: LIMIT_BYTES,
      encoding: 'utf-8',
    })
  } catch (error) {
    if (error instanceof Error && 'type' in error && error.type === 'entity.too.large') {
      throw bodyTooLarge()
    }
    throw new ProblemError({
      status: 400,
      type: 'incomplete-body',
      title: 'The body is incomplete',
      detail: 'the body ended before its announced length',
      cause: error,
    })
  }
}

function unsupportedMediaType(types: readonly string[]): ProblemError {
  return new ProblemError({
    status: 415,
    type: 'unsupported-media-type',
    title: 'The body is of a type that is not taken',
    detail: `send the body as ${types.join(' or ')}, not compressed`,
    headers: { accept: types.join(', ') },
  })
}

function bodyTooLarge(): ProblemError {
  return new ProblemError({
    status: 413,
    type: 'body-too-large',
    title: 'The body is over the limit',
    detail: `the body is longer than ${LIMIT_BYTES} bytes`,
    // What is left of the body is not read, so the connection cannot be used again.
    headers: { connection: 'close' },
  })
}

function malformedJson(text: string, error: unknown): ProblemError {
  const position = text === '' ? 'the body is empty' : positionOf(error, text)
  return new ProblemError({
    status: 400,
    type: 'malformed-json',
    title: 'The body is not JSON',
    detail: `the body is not JSON: ${position}`,
    errors: [{ location: 'body', pointer: '', detail: position }],
    cause: error,
  })
}

/** V8 names the position in its message, except at the end of the input; the text around it is left out. */
function positionOf(error: unknown, text: string): string {
  const offset = /at position (\d+)/.exec(error instanceof Error ? error.message : '')?.[1]
  if (offset === undefined || Number(offset) >= text.length) {
    return `it ends too early, at position ${text.length}`
  }
  const before = text.slice(0, Number(offset))
  const line = before.split('\n').length
  const column = Number(offset) - before.lastIndexOf('\n')
  return `unexpected character at position ${offset} (line ${line}, column ${column})`
}

/**
 * Checks one part of a request.
 *
 * @param name of the one value, when the part is checked value by value; the problem points at it
 * @throws ProblemError 400 naming every wrong part and where it is
 */
export function validate<Output>(
  schema: z.ZodType<Output>,
  value: unknown,
  location: InputError['location'],
  name?: string,
): Output {
  const result = schema.safeParse(value)
  if (result.success) return result.data
  const prefix = name === undefined ? [] : [name]
  throw validationFailed(
    result.error.issues.flatMap((issue) =>
      inputErrors({ ...issue, path: [...prefix, ...issue.path] }, location),
    ),
  )
}

function inputErrors(issue: z.core.$ZodIssue, location: InputError['location']): InputError[] {
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({
      location,
      pointer: jsonPointer([...issue.path, key]),
      detail: 'is not known here',
    }))
  }
  return [{ location, pointer: jsonPointer(issue.path), detail: issue.message }]
}

/** @see https://www.rfc-editor.org/rfc/rfc6901#section-3 */
function jsonPointer(path: readonly PropertyKey[]): string {
  return path.map((part) => `/${String(part).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('')
}
