import { homedir, constants as os } from 'node:os'
import { posix, resolve } from 'node:path'
import { z } from 'zod'
import { placeAt, plain, type Report, type Tree } from './tree.ts'

/** As compose has it where a file does not say. */
const DEFAULT_STOP_GRACE_MS = 10_000

const HIGHEST_PORT = 65_535
const NO_PORT = `must be a port, 1 to ${HIGHEST_PORT}`

/** A word of a command, of which parts may be quoted. */
const WORD = /(?:[^\s"'\\`();&|<>]|"[^"\\]*"|'[^']*')+/g
/** The digest, if there is one, says which build of the same program. */
const IMAGE = /^(?<image>[a-z\d][^@\s]*?)(?<![:/])(?::(?<tag>[\w.-]+))?(?:@\S+)?$/i
const NO_DURATION = 'must be a duration such as 30s or 1m30s'
const UNITS_MS: Readonly<Record<string, number>> = { us: 0.001, ms: 1, s: 1000, m: 60_000, h: 3_600_000 }

/** Names become names of files and folders. */
const NAME = /^[a-z\d][\w.-]{0,99}$/i
/** Of the supervisor's own log. */
const TAKEN = 'supervisor'

/** Whatever the system hands to a program ends at the first NUL. */
const toProgram = z
  .string()
  .refine((text) => !text.includes('\0'), 'must hold no NUL, which cannot be passed to a program')

const portNumber = z
  .union([z.number(), z.string()], { error: NO_PORT })
  .refine((value) => /^[1-9]\d{0,4}$/.test(String(value)) && Number(value) <= HIGHEST_PORT, NO_PORT)
  .transform(Number)
const portSchema = z
  .strictObject({
    name: z.string({ error: 'must be there, as this port is known by it' }).min(1),
    target: portNumber,
    published: portNumber.optional(),
    protocol: z.enum(['tcp', 'udp']).default('tcp'),
    host_ip: z.string().optional(),
    mode: z.string().optional(),
    app_protocol: z.string().optional(),
  })
  .transform(({ name, target, published = target, protocol }) => ({ name, target, published, protocol }))

const mountSchema = z
  .strictObject({
    type: z.enum(['bind', 'volume']),
    source: toProgram.min(1),
    target: toProgram
      .regex(/^\//, 'must be an absolute path')
      .transform((path) => posix.resolve(path))
      .refine((path) => path !== '/', 'must be a path below /'),
    read_only: z.unknown().optional(),
    consistency: z.unknown().optional(),
    bind: z.unknown().optional(),
    volume: z.strictObject({ nocopy: z.unknown().optional() }).optional(),
  })
  .refine(({ type, source }) => type === 'bind' || NAME.test(source), {
    path: ['source'],
    error: 'is no name of a volume: letters, digits, ".", "_" and "-", the first a letter or a digit',
  })

const commandSchema = z
  .union([z.array(toProgram), toProgram], { error: 'must be a list of texts, or one text' })
  .transform((command, context) => {
    if (typeof command !== 'string') return command
    if (command.replaceAll(WORD, '').trim() === '') {
      return (command.match(WORD) ?? []).map((word) => word.replaceAll(/"([^"]*)"|'([^']*)'/g, '$1$2'))
    }
    context.addIssue('cannot be split into words: write it as a list')
    return z.NEVER
  })

const durationSchema = z
  .string({ error: NO_DURATION })
  .regex(/^(?:\d+(?:\.\d+)?(?:us|ms|s|m|h))+$/, NO_DURATION)
  .transform((text) =>
    [...text.matchAll(/([\d.]+)([a-z]+)/g)].reduce(
      (sum, [, number, unit = '']) => sum + Number(number) * (UNITS_MS[unit] ?? 0),
      0,
    ),
  )

const imageSchema = z.string({ error: 'must be there' }).transform((text, context) => {
  const { image, tag = '' } = IMAGE.exec(text)?.groups ?? {}
  if (image !== undefined) return { image, tag }
  context.addIssue(`"${text}" names no image: write it as REPOSITORY:TAG`)
  return z.NEVER
})

const serviceSchema = z.object({
  image: imageSchema,
  command: commandSchema.nullable().default([]),
  environment: z
    .record(
      z.string(),
      z.union([toProgram, z.number().transform(String), z.boolean().transform(String), z.null()], {
        error: 'must be text, a number or a boolean',
      }),
    )
    .refine((variables) => Object.keys(variables).every((name) => /^[^=\0]+$/.test(name)), {
      error: 'has a name that no variable can have: it is empty, or holds = or NUL',
    })
    .default({}),
  ports: z.array(portSchema).default([]),
  expose: z.array(portNumber).default([]),
  volumes: z.array(mountSchema).default([]),
  depends_on: z
    .record(
      z.string(),
      z.strictObject({
        condition: z.enum(['service_started', 'service_healthy', 'service_completed_successfully']),
        required: z.boolean().default(true),
        restart: z.unknown().optional(),
      }),
    )
    .default({}),
  profiles: z.array(z.string()).default([]),
  stop_signal: z
    .enum(Object.keys(os.signals) as NodeJS.Signals[], { error: 'must be a signal such as SIGINT' })
    .optional(),
  stop_grace_period: durationSchema.default(DEFAULT_STOP_GRACE_MS),
  restart: z
    .string()
    .regex(
      /^(?:no|always|unless-stopped|on-failure(?::\d+)?)$/,
      'must be "no", always, unless-stopped or on-failure',
    )
    .optional(),
  'x-needs': z.record(z.string(), z.string()).default({}),
  'x-flushes-to': z.array(z.string()).default([]),
  'x-stands-in-for': z.record(z.string(), z.array(z.string())).default({}),
})

/** Keys of a service that are read. */
export const SERVICE_KEYS: readonly string[] = Object.keys(serviceSchema.shape)

/** A service of the merged files, with variables filled in. */
export type ComposeService = Readonly<NonNullable<ReturnType<typeof serviceOf>>>
export type ComposePort = ComposeService['ports'][number]

/**
 * A service as the model has it.
 * @param tree of the service, merged and in canonical form
 * @param folder which relative paths start from
 * @param variables for variables of the service that the files name without a value
 * @param report what a value must be and is not
 */
export function serviceOf(
  name: string,
  tree: Tree,
  folder: string,
  variables: NodeJS.Dict<string>,
  report: Report,
) {
  if (!NAME.test(name) || name === TAKEN) {
    const problem = name === TAKEN ? 'is taken by what runs the services' : 'is no name of a service'
    report(
      tree.at,
      `services: ${JSON.stringify(name.slice(0, 100))} ${problem}: take up to 100 letters, digits, ".", "_" and "-", the first a letter or a digit`,
    )
    return undefined
  }
  const { data, error } = serviceSchema.safeParse(plain(tree))
  for (const { path, message } of error?.issues ?? []) {
    report(placeAt(tree, path), `${[`service ${name}`, ...path].join('.')}: ${message}`)
  }
  if (data === undefined) return undefined
  const environment: Record<string, string> = {}
  for (const [key, written] of Object.entries(data.environment)) {
    const value = written ?? variables[key]
    if (value !== undefined) environment[key] = value
  }
  return {
    name,
    at: tree.at,
    ...data.image,
    command: data.command ?? [],
    environment,
    ports: data.ports,
    /** Ports that other services reach and this machine does not. */
    expose: data.expose,
    /** `source` is an absolute path of this machine, or the name of a volume; `target` an absolute path in the container. */
    mounts: data.volumes.map(({ type, source, target }) => ({
      type,
      source: type === 'bind' ? resolve(folder, source.replace(/^~/, homedir())) : source,
      target,
    })),
    dependsOn: Object.keys(data.depends_on),
    /** With any, the service runs only where one of them is asked for. */
    profiles: data.profiles,
    ...(data.stop_signal === undefined ? {} : { stopSignal: data.stop_signal }),
    /** How long it may take to stop, in ms. */
    stopGraceMs: data.stop_grace_period,
    /** `restart: "no"`: runs to its end and is done. */
    isTask: data.restart === 'no',
    /** `x-needs`: variables that go where the service that each is about is absent. */
    needs: data['x-needs'],
    /** `x-flushes-to`: services that must outlive it, so that what it flushes when it stops arrives. */
    flushesTo: [...new Set(data['x-flushes-to'])],
    /** `x-stands-in-for`: services in whose place it runs where they have no program, each with the variables about it. */
    standsInFor: data['x-stands-in-for'],
  }
}
