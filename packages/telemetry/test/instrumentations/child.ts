import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import type { Attributes, SpanKind } from '@opentelemetry/api'

/** What a service under test knows of itself. */
export interface Report {
  /** The exposition of the processor's registry. */
  readonly metrics: string
  /** Spans that were exported. */
  readonly spans: readonly {
    readonly name: string
    readonly kind: SpanKind
    readonly traceId: string
    readonly spanId: string
    readonly attributes: Attributes
  }[]
  /** Names of the SDK's own metrics that were exported. */
  readonly stockMetrics: readonly string[]
}

const PRELOAD = new URL('preload.ts', import.meta.url)

/** A service in a process of its own, with the official instrumentations and the processor. */
export class Child implements AsyncDisposable {
  /** Base URLs, as the service sent them when it listened. */
  readonly urls: Readonly<Record<string, string>>
  readonly #process: ChildProcess

  private constructor(process: ChildProcess, urls: Readonly<Record<string, string>>) {
    this.#process = process
    this.urls = urls
  }

  /** @param service file that sends its URLs to its parent when it listens */
  static async start(service: URL, env: NodeJS.ProcessEnv = {}): Promise<Child> {
    const child = fork(service, {
      execArgv: ['--import', PRELOAD.href],
      env: { ...process.env, OTEL_SERVICE_NAME: 'test', OTEL_LOGS_EXPORTER: 'none', ...env },
    })
    const [urls] = await Promise.race([
      once(child, 'message'),
      once(child, 'exit').then(() =>
        Promise.reject(new Error(`${service.pathname} ended before it listened`)),
      ),
    ])
    return new Child(child, urls as Record<string, string>)
  }

  async report(): Promise<Report> {
    const answer = once(this.#process, 'message')
    this.#process.send('report')
    const [report] = await answer
    return report as Report
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const exit = once(this.#process, 'exit')
    this.#process.kill()
    await exit
  }
}

export interface Count {
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

/** Series of a name with their values; of histograms ask for `_count`. */
export function countsOf({ metrics }: Report, name: string): Count[] {
  return metrics
    .split('\n')
    .filter((line) => line.startsWith(`${name}{`))
    .map((line) => {
      const [, text = '', value = ''] = /\{(.*?)\} (\S+)/.exec(line) ?? []
      const pairs = [...text.matchAll(/(\w+)="([^"]*)"/g)].map(([, key, it]) => [key ?? '', it ?? ''])
      return { labels: Object.fromEntries(pairs), value: Number(value) }
    })
}

export function totalOf(report: Report, name: string): number {
  return countsOf(report, name).reduce((sum, { value }) => sum + value, 0)
}

/** Every exemplar of the exposition. */
export function exemplarsOf({ metrics }: Report): { metric: string; traceId: string; spanId: string }[] {
  return [...metrics.matchAll(/^(\w+)_bucket\{.* # \{trace_id="(\w+)",span_id="(\w+)"\}/gm)].map(
    ([, metric = '', traceId = '', spanId = '']) => ({ metric, traceId, spanId }),
  )
}
