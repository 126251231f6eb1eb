import { Command, InvalidArgumentError } from 'commander'
import { runMemory, runStart } from './kit/run.ts'
import { runOverhead } from './overhead/run.ts'

const program = new Command('bench').description(
  'What the kit costs: overhead of instrumentation, memory, start. Results are kept in bench/results.',
)

program
  .command('overhead')
  .description(
    'CPU and throughput of the gateway by way of instrumentation. Exit code 1 when the gate is broken.',
  )
  .option('--rounds <n>', 'interleaved rounds', count, 7)
  .option('--seconds <n>', 'length of one measurement', count, 5)
  .action(async (options: { rounds: number; seconds: number }) => {
    if (!(await runOverhead(options))) process.exitCode = 1
  })

program.command('memory').description('Memory of each component under load.').action(runMemory)

program
  .command('start')
  .description('Time of a warm start.')
  .option('--times <n>', 'how many starts', count, 5)
  .action(({ times }: { times: number }) => runStart(times))

program
  .command('all', { isDefault: true })
  .description('All of them.')
  .action(async () => {
    const holds = await runOverhead({ rounds: 7, seconds: 5 })
    await runMemory()
    await runStart(5)
    if (!holds) process.exitCode = 1
  })

await program.parseAsync()

function count(text: string): number {
  const value = Number(text)
  if (Number.isInteger(value) && value > 0) return value
  throw new InvalidArgumentError('expected a whole number above 0')
}
