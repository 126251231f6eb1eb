import { Command, InvalidArgumentError } from 'commander'
import { COMPOSE_OPTION, connectKit, type WhichKit } from '../kit.ts'

interface RestartOptions extends WhichKit {
  env: Record<string, string>
  arg: string[]
}

export function restartCommand(): Command {
  return new Command('restart')
    .description(
      'Restart a component and wait until it is ready; settings given here hold until its next restart.',
    )
    .argument('<name>', 'component, as in status')
    .option('--env <K=V>', 'add to its environment (repeatable)', collectEnv, {})
    .option(
      '--arg <arg>',
      'append to its arguments (repeatable)',
      (arg: string, args: string[]) => [...args, arg],
      [],
    )
    .option(...COMPOSE_OPTION)
    .addHelpText('after', '\nExample:\n  npx faultline restart gateway --env LOG_LEVEL=debug\n')
    .action(restart)
}

async function restart(name: string, { env, arg, ...which }: RestartOptions): Promise<void> {
  await using runtime = await connectKit(which)
  const since = performance.now()
  await runtime.restart(name, { env, args: arg })
  console.log(`${name} is ready again after ${((performance.now() - since) / 1000).toFixed(1)} s`)
}

function collectEnv(pair: string, env: Record<string, string>): Record<string, string> {
  const separator = pair.indexOf('=')
  if (separator < 1) throw new InvalidArgumentError('expected NAME=VALUE')
  return { ...env, [pair.slice(0, separator)]: pair.slice(separator + 1) }
}
