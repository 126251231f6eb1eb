import { context, diag, isSpanContextValid, type SpanContext, trace } from '@opentelemetry/api'
import { type Logger, type LoggerOptions, pino, symbols } from 'pino'
import type { LogOptions } from '../options.ts'
import { stringify, UNREADABLE } from '../otlp/wire.ts'
import { nearestLevel, parseLogLevel } from './level.ts'

/** Options that choose where lines go, with what to do instead. */
const REFUSED: Readonly<Record<string, string>> = {
  transport:
    'lines go to standard output and over OTLP: pipe standard output into a formatter (`node server.js | pino-pretty`), ' +
    'send lines elsewhere by OTEL_EXPORTER_OTLP_LOGS_ENDPOINT, or leave one of the two out by `logs.stdout` or `logs.otlp`',
  prettyPrint: 'pino has dropped it: pipe standard output into a formatter (`node server.js | pino-pretty`)',
  browser: 'this logger runs in Node.js only: leave it out',
}

/**
 * The user's pino options with what this package adds: the level, the name of a level instead of its number, the
 * active span's ids, and that no object makes a log call throw.
 * @throws TypeError for an option that cannot be honoured
 */
export function pinoSettings({ level, pino: own = {} }: LogOptions): LoggerOptions {
  for (const [name, instead] of Object.entries(REFUSED)) {
    if ((own as Record<string, unknown>)[name] !== undefined) {
      throw new TypeError(`the pino option ${name} has no effect here; ${instead}`)
    }
  }
  const { mixin } = own
  return {
    // pino adds `name` to the base only where there is one.
    base: own.name === undefined ? null : {},
    ...own,
    level: levelOf(level, own),
    timestamp: own.timestamp ?? true,
    formatters: { level: (label) => ({ level: label }), ...own.formatters },
    hooks: { ...own.hooks, logMethod: logSafely(own.hooks?.logMethod) },
    // A new object each time, as pino adds the line's own fields to it.
    mixin: mixin ? withTraceFields(mixin) : (_fields, _number, logger) => traceFields(logger),
  }
}

type Mixin = NonNullable<LoggerOptions['mixin']>

function withTraceFields(mixin: Mixin): Mixin {
  return (fields, level, logger) => {
    const ids = traceFields(logger)
    try {
      return { ...ids, ...mixin(fields, level, logger) }
    } catch (error) {
      diag.error('a mixin of the logger fails', error)
      return ids
    }
  }
}

function levelOf(
  level: string,
  { level: ownLevel, customLevels, useOnlyCustomLevels }: LoggerOptions,
): string {
  const wanted = (ownLevel === undefined ? undefined : parseLogLevel(ownLevel, customLevels)) ?? level
  return useOnlyCustomLevels && customLevels ? nearestLevel(wanted, customLevels) : wanted
}

/** @returns the active span's ids, unless the logger is bound to those of another */
function traceFields(logger: Logger): { trace_id?: string; span_id?: string } {
  const spanContext = activeSpanContext()
  if (!spanContext) return {}
  // Bound fields are text already, and a later field of the same name would win.
  const bound = (logger as unknown as Record<symbol, string>)[symbols.chindingsSym]
  if (bound?.includes('"trace_id":')) return {}
  return { trace_id: spanContext.traceId, span_id: spanContext.spanId }
}

/** The active span's context, if it is one that can be exported. */
export function activeSpanContext(): SpanContext | undefined {
  const spanContext = trace.getSpanContext(context.active())
  return spanContext && isSpanContextValid(spanContext) ? spanContext : undefined
}

/** The name of the field that holds a line's time. */
export function timeKeyOf({ timestamp }: LoggerOptions): string {
  const text = typeof timestamp === 'function' ? timestamp() : pino.stdTimeFunctions.epochTime()
  return /^,\s*"([^"]*)"/.exec(text)?.[1] ?? 'time'
}

type LogMethodHook = NonNullable<NonNullable<LoggerOptions['hooks']>['logMethod']>
type LogArguments = Parameters<LogMethodHook>[0]

/**
 * A hook that keeps log calls from throwing. pino reads objects without care: a getter that throws, or a frozen error,
 * makes the log call throw and loses the line. Such a line is written with what can be read.
 */
function logSafely(hook: LogMethodHook | undefined): LogMethodHook {
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
