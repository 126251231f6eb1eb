import type { Context } from 'koa'
import getRawBody from 'raw-body'
import { ProblemError } from '../problems/problem.ts'

export interface JsonBodyOptions {
  /** Longest body read, in bytes. */
  limitBytes?: number
  /** Media types taken. */
  types?: readonly string[]
}

export const jsonBodyDefaults = {
  limitBytes: 64 * 1024,
  types: ['application/json'],
} satisfies Required<JsonBodyOptions>

/**
 * Reads the request's body as JSON.
 *
 * @throws ProblemError 415 for another media type or a compressed body, 413 naming the limit, 400 naming where
 *   the JSON breaks off
 */
export async function readJsonBody(ctx: Context, options: JsonBodyOptions = {}): Promise<unknown> {
  const { limitBytes, types } = { ...jsonBodyDefaults, ...options }
  if (!ctx.is(...types) || ctx.get('content-encoding')) throw unsupportedMediaType(types)
  const text = await readText(ctx, limitBytes)
  try {
    return JSON.parse(text)
  } catch (error) {
    throw malformedJson(text, error)
  }
}

async function readText(ctx: Context, limitBytes: number): Promise<string> {
  try {
    return await getRawBody(ctx.req, {
      length: ctx.request.length ?? null,
      limit: limitBytes,
      encoding: 'utf-8',
    })
  } catch (error) {
    if (error instanceof Error && 'type' in error && error.type === 'entity.too.large') {
      throw bodyTooLarge(limitBytes)
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

function bodyTooLarge(limitBytes: number): ProblemError {
  return new ProblemError({
    status: 413,
    type: 'body-too-large',
    title: 'The body is over the limit',
    detail: `the body is longer than ${limitBytes} bytes`,
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
