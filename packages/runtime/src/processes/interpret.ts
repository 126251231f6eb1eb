import { realpathSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { parseTargets } from '@faultline/ready'
import { BINARY_NAMES, type BinaryName, REPOSITORY_ROOT } from '@faultline/toolchain'
import type { ComponentDefinition, Executable, StackDefinition } from '../component.ts'
import type { ComposeModel } from '../compose-file/read.ts'
import type { ComposeService } from '../compose-file/service.ts'
import { placeOf } from '../compose-file/tree.ts'
import { wrongUse } from '../errors.ts'
import { HIGHEST_PORT } from '../ports.ts'
import type { StateLayout } from '../state/layout.ts'
import { argumentsOf, type Images, type Part, type Parts, partsOf, variablesOf } from './parts.ts'
import { postgresComponent } from './postgres.ts'
import type { PostgresPlace } from './postgres-place.ts'
import { layOutRoot, rootFolder } from './root.ts'
import { type Locate, locateByFile, Translator } from './translate.ts'

/** What the compose files are read into processes with. */
export interface Surroundings {
  readonly model: ComposeModel
  readonly images: Images
  readonly layout: StateLayout
  readonly portOffset: number
  /** Collector configurations that are merged over the file's, in this order. Absolute paths. */
  readonly collectorConfigs: readonly string[]
  /** Tells of a program that is never built whether it is there. */
  readonly isInstalled: (binary: string) => boolean
  readonly postgres: PostgresPlace
}

/** The Node that runs the supervisor runs the services too: no other version is ever picked up from PATH. */
export const NODE: Executable = { path: process.execPath, version: process.versions.node, source: 'node' }

/** From the start of a process to ready: after a kill, PostgreSQL, Prometheus and the store replay what they logged. */
const READY_TIMEOUT_MS = 60_000
/** A migration's first run fills the database. */
const TASK_TIMEOUT_MS = 300_000

/** What must be ready for people to buy, and to see that they do. */
const MILESTONES = { shop: ['gateway'], metrics: ['gateway', 'collector', 'prometheus'] } as const

/** The services of the compose files as processes of this machine. */
export function interpret(surroundings: Surroundings): StackDefinition {
  const { model, images, isInstalled, portOffset } = surroundings
  const parts = partsOf(model, images, isInstalled)
  const locate = locateByFile(model, portOffset)
  const interpreter = { ...surroundings, parts, locate, probes: probesOf(surroundings, locate) }
  const components = parts.running.map((part) => componentOf(part, interpreter))
  checkPorts(parts, components)
  return {
    components,
    binaries: resolutionOrder(components, Object.values(MILESTONES)),
    milestones: MILESTONES,
    addresses: addressesOf(parts, model, locate),
  }
}

interface Interpreter extends Surroundings {
  readonly parts: Parts
  readonly locate: Locate
  /** By service, where to ask whether it is ready. */
  readonly probes: ReadonlyMap<string, URL>
}

function componentOf(part: Part, interpreter: Interpreter): ComponentDefinition {
  const { layout, parts } = interpreter
  const { service, image } = part
  const { program } = image
  const folder = rootFolder(layout, service.name)
  const translator = translatorFor(part, interpreter)
  const env = translator.variables({ ...image.environment, ...variablesOf(part, parts) })
  const words = translator.words(argumentsOf(service, image))
  const extra = service.name === 'collector' ? interpreter.collectorConfigs : []
  const args = [...words, ...extra.map((file) => `--config=${file}`)]
  const root = {
    folder,
    service,
    rewrites: image.rewrites,
    rewrite: (text: string) => translator.text(text),
  }
  const ready = probeOf(part, interpreter)
  const definition: ComponentDefinition = {
    name: service.name,
    kind: service.isTask ? 'task' : 'service',
    ...(program.binary === undefined || program.binary === 'node'
      ? { executable: NODE }
      : { binary: program.binary }),
    dependsOn: namesOf(service.dependsOn, parts),
    flushesTo: namesOf(service.flushesTo, parts),
    ports: portsOf(part, interpreter),
    prepare: () => layOutRoot(root, layout),
    command: ({ path }) => ({
      file: path,
      args,
      env: program.binary === 'node' ? { NODE_COMPILE_CACHE: layout.compileCache, ...env } : env,
      cwd: startsInRepository(part) ? REPOSITORY_ROOT : folder,
    }),
    ...(ready === undefined ? {} : { ready }),
    readyTimeoutMs: service.isTask ? TASK_TIMEOUT_MS : READY_TIMEOUT_MS,
    stop: {
      signal: service.stopSignal ?? (image.stopSignal as NodeJS.Signals | undefined) ?? 'SIGTERM',
      timeoutMs: service.stopGraceMs,
    },
  }
  if (program.adapter === 'postgres')
    return postgresComponent(definition, service, args, interpreter.postgres)
  if (program.adapter === 'grafana') return { ...definition, command: grafanaCommand(definition.command) }
  return definition
}

/** The kit's own programs find their sources from the repository, others what is mounted from their root. */
const startsInRepository = ({ image }: Part): boolean => image.workdir !== undefined

function translatorFor(part: Part, { model, layout, locate, portOffset }: Interpreter): Translator {
  const { service, image, standsInFor } = part
  // relative to where it starts, so that a program which cannot read a path with a space never sees one
  const relative = !startsInRepository(part) && image.program.adapter === undefined
  return new Translator(service, {
    model,
    locate,
    offset: portOffset,
    standsInFor,
    ...(relative ? {} : { root: rootFolder(layout, service.name) }),
  })
}

/** Services by name, each replaced by what stands in for it; without those that are absent. */
function namesOf(services: readonly string[], parts: Parts): readonly string[] {
  return [...new Set(services.flatMap((name) => parts.inPlaceOf(name)?.service.name ?? []))]
}

/** What the service `ready` asks, at the addresses that the parts have here. */
function probesOf(surroundings: Surroundings, locate: Locate): ReadonlyMap<string, URL> {
  const { model, portOffset } = surroundings
  const service = model.services.get('ready')
  const targets = service?.environment.READY_TARGETS
  if (service === undefined || targets === undefined) return new Map()
  const translator = new Translator(service, { model, locate, offset: portOffset })
  return new Map(parseTargets(translator.text(targets)).map(({ name, url }) => [name, url]))
}

/** The kit's own services say at their admin port whether they are ready, other parts as `ready` asks them. */
function probeOf(part: Part, { probes, parts, locate }: Interpreter): URL | undefined {
  const { service, standsInFor } = part
  if (service.isTask) return undefined
  const admin = variablesOf(part, parts).ADMIN_PORT
  const address = admin === undefined ? undefined : locate(service.name, Number(admin))
  if (address !== undefined) return new URL(`http://${address}/readyz`)
  for (const name of [service.name, ...standsInFor]) {
    const url = probes.get(name)
    if (url !== undefined) return url
  }
  const [first] = tcpPorts(service)
  const listening = first === undefined ? undefined : locate(service.name, first.target)
  return listening === undefined ? undefined : new URL(`tcp://${listening}`)
}

const tcpPorts = ({ ports }: ComposeService) => ports.filter(({ protocol }) => protocol === 'tcp')

function portsOf(
  { service, standsInFor }: Part,
  { model, locate }: Interpreter,
): ComponentDefinition['ports'] {
  const all = [service, ...standsInFor.flatMap((name) => model.services.get(name) ?? [])]
  const told = new Set(Object.values(service.environment))
  return all.flatMap((one) => {
    // of a service that it stands in for, those that its variables name
    const listens = (target: number) => one === service || told.has(String(target))
    const internal = one.expose.filter(listens).map((target) => ({ name: 'internal', target }))
    return [...tcpPorts(one), ...internal].flatMap(({ name, target }) => {
      const address = locate(one.name, target)
      return address === undefined ? [] : [{ port: portIn(address), purpose: name }]
    })
  })
}

const portIn = (address: string): number => Number(address.slice(address.lastIndexOf(':') + 1))

/** In containers each part has ports of its own, here all share those of the machine. */
function checkPorts({ running }: Parts, components: readonly ComponentDefinition[]): void {
  const holders = new Map<number, ComponentDefinition>()
  const placeFor = (name: string): string => {
    const part = running.find(({ service }) => service.name === name)
    return part === undefined ? name : `${name} (${placeOf(part.service.at)})`
  }
  for (const component of components) {
    for (const { port } of component.ports) {
      if (port > HIGHEST_PORT) {
        throw wrongUse(
          `${placeFor(component.name)} would listen on port ${port}, and the highest is ${HIGHEST_PORT}: take a smaller port offset, or a smaller number in .env`,
        )
      }
      const other = holders.get(port)
      if (other !== undefined) {
        throw wrongUse(
          `${placeFor(component.name)} and ${placeFor(other.name)} both listen on port ${port} of this machine; without containers each needs a number of its own, also those that are only exposed`,
        )
      }
      holders.set(port, component)
    }
  }
}

function addressesOf(parts: Parts, { services }: ComposeModel, locate: Locate): Record<string, string> {
  const running = [...services.values()].filter(({ name }) => parts.inPlaceOf(name) !== undefined)
  return Object.fromEntries(
    running.flatMap((service) =>
      tcpPorts(service).flatMap(({ name, target }) => {
        const address = locate(service.name, target)
        return address === undefined ? [] : [[`${service.name}/${name}`, address] as const]
      }),
    ),
  )
}

/** Programs that no component runs, but load and tests need. */
const TOOLS: readonly BinaryName[] = ['k6', 'promtool']

/**
 * The order in which programs are found, or built: what the shop needs before everything else, so that it answers as
 * soon as it can, then what its metrics need, then all else; in each group what is built sooner comes first.
 */
function resolutionOrder(
  components: readonly ComponentDefinition[],
  milestones: readonly (readonly string[])[],
): readonly BinaryName[] {
  const byName = new Map(components.map((component) => [component.name, component]))
  const groups = [...milestones.map((names) => withDependencies(names, byName)), components]
  const binaries = groups.flatMap((group) =>
    group
      .flatMap(({ binary }) => binary ?? [])
      // its order is from the quickest build to the slowest
      .sort((a, b) => BINARY_NAMES.indexOf(a) - BINARY_NAMES.indexOf(b)),
  )
  return [...new Set([...binaries, ...TOOLS])]
}

function withDependencies(
  names: readonly string[],
  byName: ReadonlyMap<string, ComponentDefinition>,
): readonly ComponentDefinition[] {
  const found = new Map<string, ComponentDefinition>()
  const visit = (name: string): void => {
    const component = byName.get(name)
    if (component === undefined || found.has(name)) return
    found.set(name, component)
    for (const dependency of component.dependsOn) visit(dependency)
  }
  for (const name of names) visit(name)
  return [...found.values()]
}

/** Where the image keeps what an installed Grafana keeps elsewhere. */
const OF_THE_IMAGE = ['GF_PATHS_CONFIG', 'GF_PATHS_HOME', 'GF_PATHS_LOGS']

/** An installed Grafana: its image starts it by a script that says where its pages and its own settings are. */
function grafanaCommand(command: ComponentDefinition['command']): ComponentDefinition['command'] {
  return (executable) => {
    const { env, ...rest } = command(executable)
    const own = Object.entries(env).filter(([name]) => !OF_THE_IMAGE.includes(name))
    return {
      ...rest,
      // packages install bin/grafana beside public/ and conf/
      args: ['server', `--homepath=${dirname(dirname(realpathSync(executable.path)))}`],
      env: { ...Object.fromEntries(own), GF_PATHS_LOGS: join(env.GF_PATHS_DATA ?? '', 'log') },
    }
  }
}
