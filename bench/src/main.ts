import { Command, InvalidArgumentError } from 'commander'
import { runMemory, runStart } from './kit.ts'
import { type OverheadOptions, overheadDefaults, runOverhead } from './overhead/run.ts'
import { endProcess } from './results.ts'

const program = new Command('bench').description(
  'What the kit costs: overhead of instrumentation, memory, start. Results are kept in bench/results.',
)

program
  .command('overhead')
  .description(
    'CPU, throughput, memory and start of the gateway by way of instrumentation. Exit code 1 when a gate is missed.',
  )
  .option('--slices <n>', 'interleaved measurements of each variant', count, overheadDefaults.slices)
  .option('--seconds <n>', 'length of one measurement', count, overheadDefaults.seconds)
  .option('--starts <n>', 'starts of each variant', count, overheadDefaults.starts)
  .option('--signals', 'also each signal of the package alone', overheadDefaults.signals)
  .action(async (options: OverheadOptions) => {
    endProcess(await runOverhead(options))
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
    const holds = await runOverhead(overheadDefaults)
    await runMemory()
    await runStart(5)
    endProcess(holds)
  })

await program.parseAsync()

function count(text: string): number {
  const value = Number(text)
  if (Number.isInteger(value) && value > 0) return value
  throw new InvalidArgumentError('expected a whole number above 0')
}
