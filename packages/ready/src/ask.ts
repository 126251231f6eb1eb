import { once } from 'node:events'
import { get, type IncomingMessage } from 'node:http'
import { connect, Socket } from 'node:net'
import { text } from 'node:stream/consumers'
import pg from 'pg'

/** How long a backend may take to answer, in ms. */
const TIMEOUT_MS = 2000
/** Characters of a refusal that are repeated. */
const MOST_REPEATED = 200

/** An answer that says no: the backend runs, but is not ready. */
export class Refusal extends Error {
  override readonly name = 'Refusal'
}

/** Each closes its connection, so that frequent questions leave none behind. */
const QUESTIONS: Readonly<Record<string, (url: URL, signal: AbortSignal) => Promise<void>>> = {
  'http:': getPage,
  'postgres:': logIn,
  'redis:': ping,
  'tcp:': connectTo,
}

/** Of URLs that can be asked. */
export const PROTOCOLS: readonly string[] = Object.keys(QUESTIONS)

/**
 * Asks once whether a backend is ready: HTTP answers 2xx, PostgreSQL lets in, Redis answers a PING, TCP accepts a
 * connection (as the kernel does for a process that hangs, too).
 * @param signal gives up
 * @throws Refusal when it answers that it is not; another error when it does not answer; the signal's reason
 */
export async function assertReady(url: URL, signal: AbortSignal): Promise<void> {
  try {
    signal.throwIfAborted()
    const question = QUESTIONS[url.protocol]
    if (question === undefined) throw new TypeError(`${url.protocol} cannot be asked`)
    await question(url, signal)
  } catch (error) {
    signal.throwIfAborted()
    throw error instanceof pg.DatabaseError ? new Refusal(error.message, { cause: error }) : error
  }
}

/** Why a backend is not ready, or undefined when it is. Never throws; takes 2 s at most. */
export async function ask(url: URL): Promise<string | undefined> {
  try {
    await assertReady(url, AbortSignal.timeout(TIMEOUT_MS))
    return undefined
  } catch (error) {
    return reason(error)
  }
}

async function getPage(url: URL, signal: AbortSignal): Promise<void> {
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    get(url, { agent: false, signal }, resolve).on('error', reject)
  })
  const body = await text(response)
  const { statusCode = 0 } = response
  if (statusCode < 200 || statusCode > 299) {
    throw new Refusal(`status ${statusCode}: ${body.slice(0, MOST_REPEATED).trim()}`)
  }
}

async function logIn(url: URL, signal: AbortSignal): Promise<void> {
  const client = new pg.Client({ connectionString: url.href, stream: () => new Socket({ signal }) })
  // A server that goes away later must not end this process.
  client.on('error', () => {})
  try {
    await client.connect()
  } finally {
    await client.end()
  }
}

/** Asking for a password counts as ready: whether ours is right is not the question. */
async function ping(url: URL, signal: AbortSignal): Promise<void> {
  const socket = connect({ host: url.hostname, port: Number(url.port || 6379), signal })
  socket.setEncoding('utf8').write('PING\r\n')
  let answer = ''
  // Leaving the loop closes the connection.
  for await (const part of socket) {
    answer += part
    if (answer.includes('\n') || answer.length > MOST_REPEATED) break
  }
  if (answer === '') throw new Error('closed the connection without an answer')
  if (!/^(?:\+PONG|-NOAUTH)\b/.test(answer)) throw new Refusal(answer.slice(0, MOST_REPEATED).trim())
}

async function connectTo(url: URL, signal: AbortSignal): Promise<void> {
  const socket = connect({ host: url.hostname, port: Number(url.port), signal })
  try {
    await once(socket, 'connect', { signal })
  } finally {
    socket.destroy()
  }
}

function reason(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  // An error of several addresses has only a code.
  return error.message || String((error as NodeJS.ErrnoException).code)
}
