import { createHash } from 'node:crypto'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { REPOSITORY_ROOT } from '@faultline/toolchain'

/**
 * Longest path of a Unix socket, in bytes: `sun_path` holds 108 on Linux and 104 on macOS, with the closing NUL.
 * @see https://man7.org/linux/man-pages/man7/unix.7.html
 */
const SOCKET_PATH_MAX = process.platform === 'linux' ? 107 : 103

/** Where things lie in the state folder. */
export interface StateLayout {
  readonly root: string
  /** Says that the folder is the kit's; see `storage.ts`. */
  readonly marker: string
  readonly stateFile: string
  readonly lockFile: string
  readonly logs: string
  readonly data: string
  /** What services mount, below a folder each. */
  readonly roots: string
  /** Summaries of load runs. */
  readonly load: string
  /** Compiled code of the Node processes, which halves their start. */
  readonly compileCache: string
  readonly socket: string
}

/** Where nothing else is kept. */
export const DEFAULT_STATE_DIR = join(REPOSITORY_ROOT, '.faultline')

/** The state folder: `FAULTLINE_STATE_DIR`, else `.faultline` in the repository root. */
export function defaultStateDir(env: NodeJS.ProcessEnv = process.env): string {
  return resolve(env.FAULTLINE_STATE_DIR || DEFAULT_STATE_DIR)
}

/** In the state folder: what commands on a kit in containers leave, load and drills, be there another kit or not. */
export const COMPOSE_FOLDER = 'compose'

export function stateLayout(stateDir: string): StateLayout {
  const root = resolve(stateDir)
  return {
    root,
    marker: join(root, '.faultline-state'),
    stateFile: join(root, 'state.json'),
    lockFile: join(root, 'supervisor.lock'),
    logs: join(root, 'logs'),
    data: join(root, 'data'),
    roots: join(root, 'root'),
    load: join(root, 'load'),
    compileCache: join(root, 'cache'),
    socket: socketPath(root),
  }
}

/** In the state folder, or, where that path is too long for a socket, a short one in the temporary folder. */
export function socketPath(root: string, temporary: string = tmpdir()): string {
  const preferred = join(root, 'supervisor.sock')
  if (Buffer.byteLength(preferred) <= SOCKET_PATH_MAX) return preferred
  const digest = createHash('sha256').update(root).digest('hex').slice(0, 16)
  return join(temporary, `faultline-${digest}.sock`)
}

/** Every folder, below the state folder or elsewhere, that must exist before the first component starts. */
export function foldersOf(layout: StateLayout): readonly string[] {
  return [layout.logs, layout.data, layout.roots, dirname(layout.socket)]
}
