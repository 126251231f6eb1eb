/** Entry point of the supervisor process; started by the CLI, see launch.ts. */
import { type BinaryName, BinaryUnavailableError, resolveBinary } from './binaries/index.ts'
import { INSTALLABLE, type StackContext } from './components/context.ts'
import { faultlineStack } from './components/index.ts'
import { portsAt } from './ports.ts'
import { placePostgres } from './postgres/place.ts'
import { runSupervisor } from './run-supervisor.ts'

/** Whether a program that the kit does not build is there. @throws when one was named but does not run */
async function isInstalled(name: BinaryName): Promise<boolean> {
  try {
    await resolveBinary(name)
    return true
  } catch (error) {
    if (error instanceof BinaryUnavailableError && error.reason === 'not-found') return false
    throw error
  }
}

await runSupervisor(process.argv[2], {
  resolveBinary,
  define: async (config, layout, notice) => {
    const installed = await Promise.all(INSTALLABLE.map(async (name) => [name, await isInstalled(name)]))
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
