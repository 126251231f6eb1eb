/** Entry point of the supervisor process; started by the CLI, see launch.ts. */
import { BINARY_NAMES, isInstalled, resolveBinary } from '@faultline/toolchain'
import { placePostgres } from './postgres/place.ts'
import { readImages } from './processes/images.ts'
import { interpret } from './processes/interpret.ts'
import { readKit } from './processes/kit.ts'
import { runSupervisor } from './run-supervisor.ts'

await runSupervisor(process.argv[2], {
  resolveBinary,
  define: async (config, layout, notice) => {
    const model = await readKit(config.composeFiles, { FAULTLINE_SLO_PROFILE: config.sloProfile })
    const images = await readImages()
    const optional = BINARY_NAMES.filter((name) =>
      [...images.values()].some(({ program }) => program?.binary === name && program.optional === true),
    )
    const installed = new Set<string>()
    await Promise.all(
      optional.map(async (name) => {
        if (await isInstalled(name, notice)) installed.add(name)
      }),
    )
    const postgres = await placePostgres(layout)
    if (!postgres.data.startsWith(layout.data)) {
      notice(
        `the account that PostgreSQL runs as cannot enter ${layout.data}: its data is in ${postgres.data}`,
      )
    }
    const { portOffset, collectorConfigs } = config
    const isPresent = (binary: string) => installed.has(binary)
    return interpret({
      model,
      images,
      layout,
      portOffset,
      collectorConfigs,
      isInstalled: isPresent,
      postgres,
    })
  },
})
