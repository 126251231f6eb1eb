import { defaultStateDir, ExitCode, messageOf, StackError } from '@faultline/runtime'
import { BinaryUnavailableError } from '@faultline/toolchain'
import { Command, CommanderError } from 'commander'
import { deadLettersCommand } from './commands/dead-letters.ts'
import { downCommand } from './commands/down.ts'
import { drillCommand } from './commands/drill.ts'
import { flagsCommand } from './commands/flags.ts'
import { loadCommand } from './commands/load.ts'
import { logsCommand } from './commands/logs.ts'
import { portsCommand } from './commands/ports.ts'
import { restartCommand } from './commands/restart.ts'
import { statusCommand } from './commands/status.ts'
import { upCommand } from './commands/up.ts'
import { verifyCommand } from './commands/verify.ts'
import { CommandFailed } from './kit.ts'

const EXIT_CODES = `
Exit codes: 0 done, 1 a check failed, 2 wrong use, 3 no kit runs, or this machine lacks something (the message says what to do).
`

export interface RunOptions {
  /** Program of the supervisor, where it is not the kit's own. */
  readonly supervisorEntry?: string
}

/**
 * Runs the command line.
 * @param args without node and the script
 * @returns the exit code; everything for people has been printed
 */
export async function run(args: readonly string[], options: RunOptions = {}): Promise<ExitCode> {
  try {
    await createProgram(options).parseAsync(args, { from: 'user' })
    return ExitCode.done
  } catch (error) {
    return exitCodeOf(error)
  }
}

/** All commands; what they print for people goes to the console, and how they end is thrown. */
export function createProgram(options: RunOptions = {}): Command {
  const program = new Command('faultline')
    .description('The observability-first platform kit: start it, look at it, load it, prove it.')
    .addHelpText('after', EXIT_CODES)
    .showHelpAfterError('(--help shows what there is)')
  for (const command of [
    upCommand(options.supervisorEntry),
    statusCommand(),
    downCommand(),
    logsCommand(),
    loadCommand(),
    verifyCommand(),
    drillCommand(),
    restartCommand(),
    flagsCommand(),
    deadLettersCommand(),
    portsCommand(),
  ]) {
    program.addCommand(command)
  }
  for (const command of [program, ...program.commands.flatMap((one) => [one, ...one.commands])]) {
    command.exitOverride()
  }
  return program
}

function exitCodeOf(error: unknown): ExitCode {
  if (error instanceof CommandFailed) return error.exitCode
  // commander has printed its message or the help that was asked for
  if (error instanceof CommanderError) return error.exitCode === 0 ? ExitCode.done : ExitCode.wrongUse
  console.error(messageOf(error))
  if (error instanceof StackError) return error.exitCode
  if (error instanceof BinaryUnavailableError) return ExitCode.environmentLacks
  if (error instanceof Error && 'syscall' in error && 'path' in error) {
    // what the operating system refuses (no permission, a path too long, a loop of links) is no fault of the kit
    if (String(error.path).startsWith(defaultStateDir())) {
      console.error(
        'FAULTLINE_STATE_DIR, or .faultline in the repository without it, must be a folder of yours.',
      )
    }
    return ExitCode.environmentLacks
  }
  console.error(error instanceof Error ? error.stack : '')
  return ExitCode.checkFailed
}
