import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { REPOSITORY_ROOT } from '@faultline/runtime'
import { execa } from 'execa'

/** The last commit at which the telemetry package had spans, contexts and propagators of its own. */
const COMMIT = 'f99695ff72dbc2d68857cb4fffb3bd91f12aeaa3'
/** Inside the repository, so that its imports find the repository's packages. */
const FOLDER = join(REPOSITORY_ROOT, 'bench', 'dist')

export interface UnpackedEngine extends AsyncDisposable {
  /** The package's main module. */
  readonly entry: string
}

/**
 * Unpacks the telemetry package of {@link COMMIT} out of the repository's history, until disposed.
 * @returns undefined where the history does not go back so far, as in a shallow clone
 */
export async function unpackEngine(): Promise<UnpackedEngine | undefined> {
  const git = execa({ cwd: REPOSITORY_ROOT, encoding: 'buffer', reject: false })
  const { exitCode } = await git`git cat-file -e ${COMMIT}`
  if (exitCode !== 0) return undefined
  await mkdir(FOLDER, { recursive: true })
  const folder = await mkdtemp(join(FOLDER, 'engine-'))
  const dispose = () => rm(folder, { recursive: true, force: true })
  try {
    await execa({ cwd: REPOSITORY_ROOT })`git archive ${COMMIT} packages/telemetry`.pipe`tar -x -C ${folder}`
  } catch (error) {
    await dispose()
    throw error
  }
  return {
    entry: join(folder, 'packages', 'telemetry', 'src', 'index.ts'),
    [Symbol.asyncDispose]: dispose,
  }
}
