import type { Problem } from '@faultline/contracts'

export interface JsonAnswer<Body> {
  status: number
  headers: Headers
  body: Body
}

export async function getJson<Body = Problem>(url: string, init?: RequestInit): Promise<JsonAnswer<Body>> {
  const answer = await fetch(url, init)
  const text = await answer.text()
  return {
    status: answer.status,
    headers: answer.headers,
    body: (text === '' ? undefined : JSON.parse(text)) as Body,
  }
}

/** Requests that run one after another in several lanes until told to end; counts what came of them. */
export interface Load {
  /** Requests ended so far. */
  readonly count: number
  /** Ends the load; how many requests ended in which way: a status, or the name of an error. */
  stop(): Promise<Record<string, number>>
}

export function startLoad(lanes: number, request: () => Promise<{ status: number }>): Load {
  const outcomes: Record<string, number> = {}
  let stopped = false
  let count = 0
  const lane = async () => {
    while (!stopped) {
      const outcome = await request().then(
        ({ status }) => String(status),
        (error: Error) => error.name,
      )
      outcomes[outcome] = (outcomes[outcome] ?? 0) + 1
      count++
    }
  }
  const running = Array.from({ length: lanes }, lane)
  return {
    get count() {
      return count
    },
    async stop() {
      stopped = true
      await Promise.all(running)
      return outcomes
    },
  }
}
