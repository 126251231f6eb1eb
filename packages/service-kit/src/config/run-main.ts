import { ConfigurationError } from './load-config.ts'

/** Exit code when the environment lacks something; the message says the way out. */
export const EXIT_ENVIRONMENT = 3

/** The environment lacks something that the process needs; the message says what and the way out. */
export class EnvironmentError extends Error {
  override readonly name = 'EnvironmentError'
}

/**
 * Runs an entry point. What the operator can mend ends in one message on standard error and exit code 3;
 * anything else is a defect and keeps its stack trace.
 */
export async function runMain(main: () => Promise<void>): Promise<void> {
  try {
    await main()
  } catch (error) {
    if (!(error instanceof ConfigurationError || error instanceof EnvironmentError)) throw error
    process.stderr.write(`${error.message}\n`)
    process.exit(EXIT_ENVIRONMENT)
  }
}
