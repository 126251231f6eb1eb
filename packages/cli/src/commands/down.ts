import { defaultStateDir, down as stopKit } from '@faultline/stack'
import { Command } from 'commander'
import { LineProgress } from '../progress/lines.ts'

export function downCommand(): Command {
  return new Command('down')
    .description('Stop everything in order; also what a killed supervisor left. Data is kept.')
    .option('--volumes', 'delete data, logs and rendered configuration, too')
    .addHelpText('after', '\nExample:\n  npx faultline down --volumes\n')
    .action(down)
}

async function down(options: { volumes?: true }): Promise<void> {
  const lines = new LineProgress((line) => console.log(line), { fromNowOn: true })
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
