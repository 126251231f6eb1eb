import { noPermission, noSpace } from './disk.ts'
import { BinaryUnavailableError } from './errors.ts'
import type { BuildLog } from './log.ts'
import type { BinarySpec } from './table.ts'
import { withoutBuild } from './toolchain.ts'

const TAIL_LINES = 12

const NO_SPACE = /no space left on device|disk quota exceeded/
const NO_PERMISSION = /: (?:permission denied|read-only file system)/
const CHECKSUM = /checksum mismatch|SECURITY ERROR/
const DOWNLOAD =
  /dial tcp|no such host|i\/o timeout|proxyconnect|TLS handshake|\b(?:403 Forbidden|404 Not Found|410 Gone|50\d [A-Z])|unrecognized import path|module lookup disabled/

/** Turns what a failed build printed into the cause and the way out. */
export function explainFailure(
  spec: BinarySpec,
  log: Pick<BuildLog, 'path' | 'lines'>,
): BinaryUnavailableError {
  const lineWith = (pattern: RegExp): string | undefined => log.lines.find((line) => pattern.test(line))
  const space = lineWith(NO_SPACE)
  if (space !== undefined) return noSpace(spec, space)
  const permission = lineWith(NO_PERMISSION)
  if (permission !== undefined) return noPermission(spec, permission)

  const common = { binary: spec.name, logFile: log.path, logTail: log.lines.slice(-TAIL_LINES) }
  if (lineWith(CHECKSUM) !== undefined) {
    return new BinaryUnavailableError({
      ...common,
      reason: 'download-failed',
      problem: `A module of ${spec.name} differs from its pinned checksum (log: ${log.path})`,
      wayOut: `Something on the way changes modules, so do not build from them: check GOPROXY, or ${withoutBuild(spec)}.`,
    })
  }
  if (lineWith(DOWNLOAD) !== undefined) {
    return new BinaryUnavailableError({
      ...common,
      reason: 'download-failed',
      problem: `The modules of ${spec.name} could not be downloaded (log: ${log.path})`,
      wayOut: `Check the network and GOPROXY and start again, or ${withoutBuild(spec)}.`,
    })
  }
  return new BinaryUnavailableError({
    ...common,
    reason: 'build-failed',
    problem: `Building ${spec.name} failed (log: ${log.path})`,
    wayOut: `The last lines of the log say why; start again after a change, or ${withoutBuild(spec)}.`,
  })
}

/** A build that came out as another version than the pinned one: the table and go.mod disagree. */
export function wrongVersion(
  spec: BinarySpec,
  pinned: string,
  told: string | undefined,
): BinaryUnavailableError {
  return new BinaryUnavailableError({
    binary: spec.name,
    reason: 'build-failed',
    problem: `${spec.name} was built, but tells version ${told ?? 'nothing'} in place of ${pinned}`,
    wayOut: `Compare packages/toolchain/src/table.ts with tools/, or ${withoutBuild(spec)}.`,
  })
}
