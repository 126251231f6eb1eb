import { execa } from 'execa'
import { environmentLacks, StackError } from '../errors.ts'

/**
 * Runs the Docker client and returns what it prints. Nothing else of the kit talks to the engine: no container has its
 * socket.
 * @throws StackError (environment) when there is no client or no engine; StackError with its words when it fails
 */
export async function docker(args: readonly string[]): Promise<string> {
  const result = await execa('docker', args, { reject: false, stdin: 'ignore', stripFinalNewline: true })
  if (!result.failed) return result.stdout
  if (result.code === 'ENOENT') {
    throw environmentLacks(
      'there is no Docker client on PATH: install Docker, or use the kit without --compose',
    )
  }
  if (
    /Cannot connect to the Docker daemon|failed to connect to the docker API|permission denied.*docker\.sock/i.test(
      result.stderr,
    )
  ) {
    throw environmentLacks(`the Docker engine cannot be reached: ${result.stderr.trim()}`)
  }
  throw new StackError(`docker ${args[0]} failed: ${result.stderr.trim() || result.shortMessage}`, 1)
}
