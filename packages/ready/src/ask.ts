import pg from 'pg'
import type { Target } from './targets.ts'

/** How long a backend may take to answer, in ms. */
const TIMEOUT_MS = 2000

/** Why a backend is not ready, or undefined when it is. Never throws. */
export async function ask({ url }: Target): Promise<string | undefined> {
  try {
    await (url.protocol === 'postgres:' ? logIn(url) : get(url))
    return undefined
  } catch (error) {
    return reason(error)
  }
}

async function get(url: URL): Promise<void> {
  const response = await fetch(url, { signal: AbortSignal.timeout(TIMEOUT_MS), redirect: 'manual' })
  const text = await response.text()
  if (!response.ok) throw new Error(`status ${response.status}: ${text.slice(0, 200).trim()}`)
}

async function logIn(url: URL): Promise<void> {
  const client = new pg.Client({ connectionString: url.href, connectionTimeoutMillis: TIMEOUT_MS })
  // a server that goes away later must not end this process
  client.on('error', () => {})
  try {
    await client.connect()
  } finally {
    await client.end()
  }
}

function reason(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const { cause } = error
  if (cause instanceof Error && cause.message !== '') return cause.message
  return error.message || String((error as NodeJS.ErrnoException).code)
}
