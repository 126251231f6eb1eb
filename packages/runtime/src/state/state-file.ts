import { linkSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import writeFileAtomic from 'write-file-atomic'
import { z } from 'zod'
import { messageOf, StackError, systemErrorCode } from '../errors.ts'
import { isAlive } from '../process.ts'

/** A process named so that a reused pid is never mistaken for it. */
const processSchema = z.object({ pid: z.number().int().positive(), startTime: z.string() })

const componentSchema = z.object({
  name: z.string(),
  kind: z.enum(['service', 'task', 'tool']),
  state: z.enum(['waiting', 'building', 'starting', 'ready', 'unresponsive', 'backoff', 'stopped', 'failed']),
  process: processSchema.optional(),
  since: z.string(),
  restarts: z.number().int().nonnegative(),
  detail: z.string().optional(),
  /** It failed because the machine lacks something, which ends a command with exit code 3: a code such as `no-go`. */
  lacking: z.string().optional(),
  version: z.string().optional(),
  binary: z.string().optional(),
  /** Where the binary came from: env, path, cache, built, npm. */
  source: z.string().optional(),
  ports: z.array(z.number().int()),
  /** Components of one wave stop together, lower waves first. */
  stopWave: z.number().int().nonnegative(),
  stopSignal: z.string(),
  stopTimeoutMs: z.number().nonnegative(),
})

const milestonesSchema = z.object({
  shopSeconds: z.number().exactOptional(),
  metricsSeconds: z.number().exactOptional(),
  everythingSeconds: z.number().exactOptional(),
})

export const stackStateSchema = z.object({
  version: z.literal(1),
  supervisor: processSchema,
  startedAt: z.string(),
  portOffset: z.number().int().nonnegative(),
  sloProfile: z.enum(['drill', 'production']),
  socket: z.string(),
  /** Where each port of the parts that run answers, `HOST:PORT` by `SERVICE/PORT NAME`. */
  addresses: z.record(z.string(), z.string()).default({}),
  /**
   * `starting` from a request to start until every component is ready or cannot become so; `degraded` when afterwards
   * not all are ready; `stopping` from the request to stop.
   */
  phase: z.enum(['starting', 'ready', 'degraded', 'stopping']),
  components: z.array(componentSchema),
  /** Binaries that no component runs, for load and tests. */
  tools: z.array(componentSchema),
  /** Seconds from the command to each milestone. */
  milestones: milestonesSchema,
})

export type ProcessIdentity = z.infer<typeof processSchema>
export type ComponentRecord = z.infer<typeof componentSchema>
export type Milestones = z.infer<typeof milestonesSchema>
export type StackState = z.infer<typeof stackStateSchema>

/**
 * Reads state.json.
 * @returns undefined when there is none
 * @throws StackError when it is there but not readable as state (the message names the field)
 */
export async function readState(stateFile: string): Promise<StackState | undefined> {
  let text: string
  try {
    text = await readFile(stateFile, 'utf8')
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT' || systemErrorCode(error) === 'ENOTDIR') return undefined
    throw error
  }
  return parseState(text, stateFile)
}

/** Parses the text of state.json; `origin` names the file in the error. */
export function parseState(text: string, origin: string): StackState {
  try {
    return stackStateSchema.parse(JSON.parse(text))
  } catch (error) {
    const [issue] = error instanceof z.ZodError ? error.issues : []
    const why = issue === undefined ? messageOf(error) : `${issue.path.join('.')}: ${issue.message}`
    const wayOut = '"npx faultline down" ends what runs here and removes it'
    throw new StackError(`${origin} cannot be read as state: ${wayOut} (${why})`, 1, { cause: error })
  }
}

/**
 * Writes state.json so that a reader sees the old or the new text, never a half. Synchronous: the record of a
 * child's pid must be on disk before anything else happens, or a killed supervisor would leave it unknown.
 */
export function writeState(stateFile: string, state: StackState): void {
  writeFileAtomic.sync(stateFile, `${JSON.stringify(state, null, 2)}\n`, { fsync: false })
}

/**
 * Makes this process the one supervisor of a state folder.
 * @returns undefined when it is, else who holds the lock. A holder that has died is replaced; two processes that find
 * it dead in the same instant can both win, and then the second fails at its ports.
 */
export function acquireLock(lockFile: string, self: ProcessIdentity): ProcessIdentity | undefined {
  // linked into place when complete, so that nobody reads half of it
  const draft = `${lockFile}.${self.pid}`
  writeFileSync(draft, JSON.stringify(self))
  try {
    for (;;) {
      if (linked(draft, lockFile)) return undefined
      const holder = readHolder(lockFile)
      if (holder !== undefined && isAlive(holder)) return holder
      rmSync(lockFile, { force: true })
    }
  } finally {
    rmSync(draft, { force: true })
  }
}

function linked(draft: string, lockFile: string): boolean {
  try {
    linkSync(draft, lockFile)
    return true
  } catch (error) {
    if (systemErrorCode(error) === 'EEXIST') return false
    throw error
  }
}

/** Who holds the lock, whether that process still runs or not; undefined when nobody does. */
export function readHolder(lockFile: string): ProcessIdentity | undefined {
  try {
    return processSchema.parse(JSON.parse(readFileSync(lockFile, 'utf8')))
  } catch {
    return undefined
  }
}
