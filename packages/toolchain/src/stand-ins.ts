import { BinaryUnavailableError } from './errors.ts'
import { resolveBinary } from './resolve.ts'
import type { BinaryName } from './types.ts'

/**
 * Whether a program that the kit does not build is there; if not, its stand-in takes its place. One that is there in
 * another version is worth a word: who put it on `PATH` meant it to be used.
 *
 * @throws BinaryUnavailableError when one was named but does not run
 */
export async function isInstalled(
  name: BinaryName,
  notice: (text: string) => void,
  env: NodeJS.ProcessEnv = process.env,
): Promise<boolean> {
  try {
    await resolveBinary(name, { env })
    return true
  } catch (error) {
    if (!(error instanceof BinaryUnavailableError) || error.reason !== 'not-found') throw error
    if (error.refused.length > 0) notice(`${error.problem}: it is not used`)
    return false
  }
}
