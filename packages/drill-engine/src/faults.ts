import { rm } from 'node:fs/promises'
import { FLAGS_BUCKET } from '@faultline/contracts'
import type { Runtime } from '@faultline/runtime'
import { Kvm } from '@nats-io/kv'
import { connect } from '@nats-io/transport-node'
import pg from 'pg'
import { request } from 'undici'
import type { Fault } from './drill.ts'
import { EnvironmentFailure } from './environment.ts'
import {
  isRunning,
  type Journal,
  journalFile,
  type Leftover,
  leftoverOf,
  readJournal,
  type UndoStep,
} from './journal.ts'

type Toxic = Extract<Fault, { kind: 'toxic' }>

const TIMEOUT_MS = 5000
/** Creating an index again under load takes seconds; a lock that nobody gives back must not hang the undoing. */
const STATEMENT_TIMEOUT_MS = 60_000

const toxicName = ({ type, stream = 'downstream' }: Toxic): string => `drill_${type}_${stream}`

function undoStepOf(fault: Fault): UndoStep {
  switch (fault.kind) {
    case 'toxic':
      return { kind: 'toxic', proxy: fault.proxy, toxic: toxicName(fault) }
    case 'sql':
      return { kind: 'sql', statements: [...fault.undo] }
    case 'signal':
      return fault.undo === undefined
        ? { kind: 'restart', component: fault.component }
        : { kind: 'signal', component: fault.component, signal: fault.undo }
    case 'flag':
      return { kind: 'flag', name: fault.name }
  }
}

export type Injector = ReturnType<typeof createInjector>

/** Puts faults in and takes them out. */
export function createInjector(runtime: Runtime) {
  const endpoints = runtime.endpoints('toxiproxy', 'postgres', 'nats')

  async function put(fault: Fault): Promise<void> {
    switch (fault.kind) {
      case 'toxic':
        return addToxic(endpoints.toxiproxy, fault)
      case 'sql':
        return runSql(endpoints.postgres, fault.inject)
      case 'signal':
        return runtime.signal(fault.component, fault.inject)
      case 'flag':
        return setFlag(endpoints.nats, fault.name, fault.value)
    }
  }

  async function takeOne(step: UndoStep): Promise<void> {
    switch (step.kind) {
      case 'toxic':
        return removeToxic(endpoints.toxiproxy, step.proxy, step.toxic)
      case 'sql':
        return runSql(endpoints.postgres, step.statements)
      case 'signal':
        return runtime.signal(step.component, step.signal as NodeJS.Signals)
      case 'restart':
        return runtime.restart(step.component)
      case 'flag':
        return setFlag(endpoints.nats, step.name, undefined)
    }
  }

  /** Takes steps, the last first; each is tried even when another fails. */
  async function take(steps: readonly UndoStep[]): Promise<void> {
    const failures: string[] = []
    for (const step of steps.toReversed()) {
      await takeOne(step).catch((error: unknown) => failures.push(reasonOf(error)))
    }
    if (failures.length > 0) {
      throw new EnvironmentFailure(`not everything could be undone: ${failures.join('; ')}`)
    }
  }

  return {
    take,
    /** Each is in the journal before it is in the kit. */
    async inject(faults: readonly Fault[], journal: Journal): Promise<void> {
      for (const fault of faults) {
        await journal.willDo(undoStepOf(fault))
        await put(fault)
      }
    },
    /** Takes out what these put in, the last first. */
    async undo(faults: readonly Fault[], journal: Journal): Promise<void> {
      const steps = faults.map(undoStepOf)
      await take(steps)
      await journal.undone(...steps)
    },
  }
}

/**
 * Undoes what a drill left in, unless it still runs.
 * @returns what was undone
 * @throws EnvironmentFailure when not all of it could be; the journal then stays
 */
export async function undoLeftover(runtime: Runtime, stateDir: string): Promise<Leftover | undefined> {
  const journal = await readJournal(stateDir)
  if (journal === undefined || isRunning(journal)) return undefined
  await createInjector(runtime).take(journal.undo)
  await rm(journalFile(stateDir))
  return leftoverOf(journal)
}

async function addToxic(url: string, toxic: Toxic): Promise<void> {
  const { proxy, type, stream = 'downstream', attributes } = toxic
  await removeToxic(url, proxy, toxicName(toxic))
  await askToxiproxy(url, 'POST', `/proxies/${proxy}/toxics`, {
    name: toxicName(toxic),
    type,
    stream,
    attributes,
  })
}

/** Does nothing when it is not there. */
const removeToxic = (url: string, proxy: string, toxic: string): Promise<void> =>
  askToxiproxy(url, 'DELETE', `/proxies/${proxy}/toxics/${toxic}`)

/** @see https://github.com/Shopify/toxiproxy#http-api */
async function askToxiproxy(
  url: string,
  method: 'POST' | 'DELETE',
  path: string,
  body?: unknown,
): Promise<void> {
  const response = await request(`${url}${path}`, {
    method,
    headers: { 'content-type': 'application/json' },
    body: body === undefined ? null : JSON.stringify(body),
    headersTimeout: TIMEOUT_MS,
    bodyTimeout: TIMEOUT_MS,
  }).catch((error: unknown) => {
    throw new EnvironmentFailure(`Toxiproxy does not answer on ${url}`, { cause: error })
  })
  const text = await response.body.text()
  if (response.statusCode < 400 || (method === 'DELETE' && response.statusCode === 404)) return
  throw new EnvironmentFailure(`Toxiproxy refused ${method} ${path}: ${text}`)
}

/** Runs statements as the owner, one after the other. */
async function runSql(url: string, statements: readonly string[]): Promise<void> {
  const client = new pg.Client({
    connectionString: url,
    connectionTimeoutMillis: TIMEOUT_MS,
    statement_timeout: STATEMENT_TIMEOUT_MS,
    application_name: 'drill',
  })
  try {
    await client.connect()
    for (const statement of statements) await client.query(statement)
  } catch (error) {
    throw new EnvironmentFailure(`the database refused a statement of the drill: ${reasonOf(error)}`, {
      cause: error,
    })
  } finally {
    await client.end().catch(() => undefined)
  }
}

/** Sets a flag for all replicas at once, or, with undefined, gives it back its default. */
async function setFlag(url: string, name: string, value: string | boolean | undefined): Promise<void> {
  const options = { servers: url, name: 'drill', timeout: TIMEOUT_MS, reconnect: false }
  const connection = await connect(options).catch((error: unknown) => {
    throw new EnvironmentFailure(`the broker does not answer on ${url}`, { cause: error })
  })
  try {
    const bucket = await new Kvm(connection).create(FLAGS_BUCKET)
    if (value === undefined) await bucket.delete(name)
    else await bucket.put(name, JSON.stringify(value))
  } finally {
    await connection.close()
  }
}

const reasonOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))
