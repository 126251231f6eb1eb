import { once } from 'node:events'
import { connect } from 'node:net'
import { ConstantBackoff, handleAll, retry } from 'cockatiel'
import { Client } from 'pg'
import { Agent, request } from 'undici'

/** How to tell that a component is up. */
export type Probe =
  /** A GET answers 2xx. */
  | { readonly type: 'http'; readonly url: string }
  /** The port accepts a connection. */
  | { readonly type: 'tcp'; readonly host: string; readonly port: number }
  /** The database answers a query. */
  | { readonly type: 'sql'; readonly url: string }

const INTERVAL_MS = 100
const ATTEMPT_TIMEOUT_MS = 2000

// a connection kept alive by a probe would hold up the component's graceful stop
const agent = new Agent({ pipelining: 0, connect: { timeout: ATTEMPT_TIMEOUT_MS } })

const untilItPasses = retry(handleAll, {
  backoff: new ConstantBackoff(INTERVAL_MS),
  maxAttempts: Number.MAX_SAFE_INTEGER,
})

/**
 * Tries a probe every 100 ms until it passes.
 * @throws the last failure once the signal is aborted
 */
export async function waitUntilReady(probe: Probe, signal: AbortSignal): Promise<void> {
  let failure: unknown
  const tryOnce = async (): Promise<void> => {
    try {
      await attempt(probe, AbortSignal.any([signal, AbortSignal.timeout(ATTEMPT_TIMEOUT_MS)]))
    } catch (error) {
      // that the last try was cut short says less than how the one before it failed
      if (!signal.aborted) failure = error
      throw failure ?? error
    }
  }
  await untilItPasses.execute(tryOnce, signal)
}

async function attempt(probe: Probe, signal: AbortSignal): Promise<void> {
  switch (probe.type) {
    case 'http':
      return attemptHttp(probe.url, signal)
    case 'tcp':
      return attemptTcp(probe.host, probe.port, signal)
    case 'sql':
      return attemptSql(probe.url)
  }
}

async function attemptHttp(url: string, signal: AbortSignal): Promise<void> {
  const response = await request(url, { dispatcher: agent, signal })
  const body = await response.body.text()
  if (response.statusCode < 200 || response.statusCode > 299) {
    throw new Error(`GET ${url} answered ${response.statusCode}: ${body.trim().slice(0, 200)}`)
  }
}

async function attemptTcp(host: string, port: number, signal: AbortSignal): Promise<void> {
  const socket = connect({ host, port, signal })
  try {
    await once(socket, 'connect', { signal })
  } finally {
    socket.destroy()
  }
}

async function attemptSql(connectionString: string): Promise<void> {
  const client = new Client({
    connectionString,
    connectionTimeoutMillis: ATTEMPT_TIMEOUT_MS,
    query_timeout: ATTEMPT_TIMEOUT_MS,
  })
  try {
    await client.connect()
    await client.query('SELECT 1')
  } finally {
    await client.end().catch(() => undefined)
  }
}
