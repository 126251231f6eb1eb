/** Entry point of the supervisor process; started by the CLI, see launch.ts. */
import { isInstalled, resolveBinary } from '@faultline/toolchain'
import { INSTALLABLE, type StackContext } from './components/context.ts'
import { faultlineStack } from './components/index.ts'
import { portsAt } from './ports.ts'
import { placePostgres } from './postgres/place.ts'
import { runSupervisor } from './run-supervisor.ts'

await runSupervisor(process.argv[2], {
  resolveBinary,
  define: async (config, layout, notice) => {
    const installed = await Promise.all(
      INSTALLABLE.map(async (name) => [name, await isInstalled(name, notice)]),
    )
    const context: StackContext = {
      layout,
      ports: portsAt(config.portOffset),
      sloProfile: config.sloProfile,
      collectorConfigs: config.collectorConfigs,
      installed: Object.fromEntries(installed),
    }
    const place = await placePostgres(layout)
    if (!place.data.startsWith(layout.data)) {
      notice(`the account that PostgreSQL runs as cannot enter ${layout.data}: its data is in ${place.data}`)
    }
    return faultlineStack(context, place)
  },
})
