/** Entry point of the supervisor process; started by the CLI, see launch.ts. */
import { BINARY_NAMES, isInstalled, resolveBinary } from '@faultline/toolchain'
import { interpret } from './processes/interpret.ts'
import { type Image, readImages, readKit } from './processes/parts.ts'
import { placePostgres } from './processes/postgres-place.ts'
import { runSupervisor } from './run-supervisor.ts'

await runSupervisor(process.argv[2], {
  resolveBinary,
  define: async (config, layout, notice) => {
    const { composeFiles, sloProfile, portOffset, collectorConfigs } = config
    const model = await readKit(composeFiles, { FAULTLINE_SLO_PROFILE: sloProfile })
    const images = await readImages()
    const installed = new Set<string>()
    const findInstalled = async ({ program }: Image): Promise<void> => {
      const name = BINARY_NAMES.find((known) => known === program?.binary)
      if (name !== undefined && program?.optional === true && (await isInstalled(name, notice)))
        installed.add(name)
    }
    await Promise.all([...images.values()].map(findInstalled))
    const postgres = await placePostgres(layout)
    if (!postgres.data.startsWith(layout.data)) {
      notice(
        `the account that PostgreSQL runs as cannot enter ${layout.data}: its data is in ${postgres.data}`,
      )
    }
    return interpret({
      model,
      images,
      layout,
      portOffset,
      collectorConfigs,
      isInstalled: (binary) => installed.has(binary),
      postgres,
    })
  },
})
