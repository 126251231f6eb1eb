import { Deadline } from '../app/deadline.ts'

/** Resolves when what it checks is usable; otherwise rejects with the reason. */
export type HealthCheck = () => Promise<void>

export interface HealthOptions {
  /** What must be usable before the service takes traffic, by name. */
  checks?: Readonly<Record<string, HealthCheck>>
  /** What the service can do without for a while: reported and told of, but no reason to take no traffic. */
  observed?: Readonly<Record<string, HealthCheck>>
  /** Pause between two rounds of checks, in milliseconds. */
  intervalMs?: number
  /** Longest that one check may take, in milliseconds. */
  timeoutMs?: number
  /** Told when a check changes. */
  onChange?: (name: string, state: CheckState) => void
}

export const healthDefaults = { intervalMs: 1_000, timeoutMs: 1_000 } satisfies Partial<HealthOptions>

export type CheckState = { status: 'pending' } | { status: 'up' } | { status: 'down'; reason: string }

/**
 * Readiness of a service. Checks run on their own in the background, so that asking is free, a slow dependency
 * cannot make the probe slow, and what comes back is noticed without anybody asking.
 */
export class Health {
  private readonly checks: Readonly<Record<string, HealthCheck>>
  private readonly required: ReadonlySet<string>
  private readonly states = new Map<string, CheckState>()
  private readonly intervalMs: number
  private readonly timeoutMs: number
  private readonly onChange: HealthOptions['onChange']
  private timer: NodeJS.Timeout | undefined
  private accepting = false
  private stopped = false

  constructor(options: HealthOptions = {}) {
    this.required = new Set(Object.keys(options.checks ?? {}))
    this.checks = { ...options.observed, ...options.checks }
    this.intervalMs = options.intervalMs ?? healthDefaults.intervalMs
    this.timeoutMs = options.timeoutMs ?? healthDefaults.timeoutMs
    this.onChange = options.onChange
    for (const name of Object.keys(this.checks)) this.states.set(name, { status: 'pending' })
  }

  /** Starts checking; the service listens from now on. */
  start(): void {
    this.accepting = true
    this.scheduleRound(0)
  }

  /** The service takes no further traffic: not ready, whatever the checks say. */
  drain(): void {
    this.accepting = false
    this.stopped = true
    clearTimeout(this.timer)
  }

  get ready(): boolean {
    return this.accepting && [...this.required].every((name) => this.states.get(name)?.status === 'up')
  }

  /** What the readiness endpoint shows. */
  report(): { ready: boolean; accepting: boolean; checks: Record<string, CheckState> } {
    return { ready: this.ready, accepting: this.accepting, checks: Object.fromEntries(this.states) }
  }

  private scheduleRound(delayMs: number): void {
    if (this.stopped) return
    this.timer = setTimeout(() => {
      void this.round().finally(() => this.scheduleRound(this.intervalMs))
    }, delayMs)
    this.timer.unref()
  }

  private async round(): Promise<void> {
    await Promise.all(
      Object.entries(this.checks).map(async ([name, check]) => this.update(name, await this.run(check))),
    )
  }

  private async run(check: HealthCheck): Promise<CheckState> {
    try {
      await Deadline.after(this.timeoutMs).race(check())
      return { status: 'up' }
    } catch (error) {
      return { status: 'down', reason: error instanceof Error ? error.message || error.name : String(error) }
    }
  }

  private update(name: string, state: CheckState): void {
    const before = this.states.get(name)
    this.states.set(name, state)
    if (before?.status !== state.status && !this.stopped) this.onChange?.(name, state)
  }
}
