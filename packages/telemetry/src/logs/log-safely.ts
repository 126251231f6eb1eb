import { diag } from '@opentelemetry/api'
import type { LoggerOptions } from 'pino'
import { stringify, UNREADABLE } from '../otlp/wire.ts'

type LogMethodHook = NonNullable<NonNullable<LoggerOptions['hooks']>['logMethod']>
type LogArguments = Parameters<LogMethodHook>[0]

/**
 * A hook that keeps log calls from throwing. pino reads objects without care: a getter that throws, or a frozen error,
 * makes the log call throw and loses the line. Such a line is written with what can be read.
 */
export function logSafely(hook: LogMethodHook | undefined): LogMethodHook {
  return function logMethod(args, method, level) {
    try {
      if (hook) hook.call(this, args, method, level)
      else method.apply(this, args)
      return
    } catch (error) {
      diag.debug('a log line is written with less, as it could not be read', error)
    }
    try {
      method.apply(this, args.map(readable) as unknown as LogArguments)
      return
    } catch (error) {
      diag.debug('a log line is written without its fields, as they could not be read', error)
    }
    try {
      method.call(this, String(args.find((each) => typeof each === 'string') ?? UNREADABLE))
    } catch (error) {
      // A serializer or formatter of the user's own that fails whatever it gets.
      diag.error('a log line is lost', error)
    }
  }
}

/** A copy of what can be read of an argument. */
function readable(value: unknown): unknown {
  if (typeof value === 'function') return UNREADABLE
  if (typeof value !== 'object' || value === null) return value
  try {
    if (value instanceof Error) return { err: readableError(value) }
    const copy: Record<string, unknown> = {}
    for (const key of Object.keys(value)) copy[key] = readableField(value, key)
    return copy
  } catch {
    return {}
  }
}

function readableField(from: object, key: string): unknown {
  try {
    const value = (from as Record<string, unknown>)[key]
    if (value instanceof Error) return readableError(value)
    // Once, to see whether it can be read at all.
    if (typeof value === 'object') stringify(value)
    return value
  } catch {
    return UNREADABLE
  }
}

/** A copy of the same type, which pino's serializer can write its marks to. */
function readableError(error: Error): Error {
  return Object.create(Object.getPrototypeOf(error) as object, {
    message: { value: text(() => error.message) },
    stack: { value: text(() => error.stack) },
  }) as Error
}

function text(read: () => unknown): string {
  try {
    return String(read())
  } catch {
    return UNREADABLE
  }
}
