import { once } from 'node:events'
import {
  copyFileSync,
  createWriteStream,
  existsSync,
  renameSync,
  statSync,
  truncateSync,
  type WriteStream,
} from 'node:fs'
import { open } from 'node:fs/promises'
import { join } from 'node:path'

/** A log file larger than this, in bytes, becomes the previous one. */
const MAX_LOG_BYTES = 16 * 1024 * 1024
const TAIL_BYTES = 64 * 1024
const TAIL_LINES = 60

/** Log file of a component in the logs folder. */
export function logFile(logs: string, component: string): string {
  return join(logs, `${component}.log`)
}

/** The one before it: of the previous run, or the part that was over the limit. */
export function previousLogFile(logs: string, component: string): string {
  return join(logs, `${component}.1.log`)
}

/** Sets the log of the previous run aside, over the one before that. */
export function keepPrevious(logs: string, component: string): void {
  const file = logFile(logs, component)
  // An empty one may just have been opened by another start at the same moment, which is to go on writing there.
  if (existsSync(file) && statSync(file).size > 0) renameSync(file, previousLogFile(logs, component))
}

/**
 * Opens a log that a child is to write to. The child writes to the file itself, not through the supervisor, so it
 * goes on when the supervisor is killed.
 */
export async function openLog(file: string): Promise<WriteStream> {
  // appending, so that truncation by rotateIfLarge() moves the child's position too
  const stream = createWriteStream(file, { flags: 'a' })
  await once(stream, 'open')
  return stream
}

/**
 * Bounds a log that a child has open: copies it to the previous one and empties it (lines written between the two
 * steps are lost, as with logrotate's copytruncate).
 */
export function rotateIfLarge(logs: string, component: string, maxBytes: number = MAX_LOG_BYTES): boolean {
  const file = logFile(logs, component)
  if (!existsSync(file) || statSync(file).size <= maxBytes) return false
  copyFileSync(file, previousLogFile(logs, component))
  truncateSync(file)
  return true
}

/** Size of a file in bytes; 0 when there is none. */
export function sizeOf(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0
}

/**
 * The last lines of a file, without empty ones; of a file that does not exist, none.
 * @param from byte to begin at; the beginning when the file has become shorter than that
 */
export async function lastLines(file: string, count: number, from = 0): Promise<readonly string[]> {
  if (!existsSync(file)) return []
  await using handle = await open(file, 'r')
  const { size } = await handle.stat()
  const begin = from > size ? 0 : from
  const start = Math.max(begin, size - TAIL_BYTES)
  const { buffer, bytesRead } = await handle.read(Buffer.alloc(size - start), 0, size - start, start)
  const lines = buffer.toString('utf8', 0, bytesRead).split('\n')
  // the first one may be cut in its middle
  return (start === begin ? lines : lines.slice(1)).filter((line) => line.trim() !== '').slice(-count)
}

/** Lines of a crash that say where in the program it was, not what went wrong. */
const NOT_TELLING = [/^\s+at /, /^\s*\^+\s*$/, /^Node\.js v\d/]
const LINE_LENGTH = 300

/** The last lines of a log, from a byte on, that are likely to say why its program ended. */
export async function lastWords(file: string, count: number, from = 0): Promise<readonly string[]> {
  const lines = await lastLines(file, TAIL_LINES, from)
  return lines
    .filter((line) => !NOT_TELLING.some((pattern) => pattern.test(line)))
    .slice(-count)
    .map((line) => (line.length > LINE_LENGTH ? `${line.slice(0, LINE_LENGTH)}…` : line))
}
