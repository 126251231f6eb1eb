import { connectRuntime, defaultStateDir, down as stopKit } from '@faultline/runtime'
import { Command } from 'commander'
import { undoBefore } from '../kit.ts'
import { LineProgress } from '../progress.ts'

export function downCommand(): Command {
  return new Command('down')
    .description('Stop everything in order; also what a killed supervisor left. Data is kept.')
    .option('--volumes', 'delete data, logs and rendered configuration, too')
    .addHelpText(
      'after',
      '\nExit code 0, too, when nothing was running. The kit in containers: docker compose down.\n\nExample:\n  npx faultline down --volumes\n',
    )
    .action(down)
}

async function down(options: { volumes?: true }): Promise<void> {
  await undoDrill()
  const lines = new LineProgress({ fromNowOn: true })
  const { found, leftovers } = await stopKit(defaultStateDir(), {
    volumes: options.volumes ?? false,
    onChange: (state) => lines.update(state),
  })
  if (found === 'running') console.log('Stopped.')
  if (found === 'nothing') console.log('Nothing was running.')
  if (found === 'leftovers') {
    console.log(`The supervisor had been killed. Stopped what it left: ${leftovers.join(', ') || 'nothing'}.`)
  }
  if (options.volumes) console.log('Data, logs and rendered configuration are deleted.')
}

/** Only a running kit can take a fault out; one that does not run has it taken out by the next `up`. */
async function undoDrill(): Promise<void> {
  const stateDir = defaultStateDir()
  const runtime = await connectRuntime(stateDir).catch(() => undefined)
  if (runtime === undefined) return
  await using running = runtime
  await undoBefore(running, stateDir)
}
