import { z } from 'zod'
import type { OfficialImage } from '../airgapped/src/images.ts'

const namesSchema = z.record(z.string(), z.unknown()).nullish()

/** What `docker image inspect` and `podman image inspect` say of an image; absent and null are the same as empty. */
const configSchema = z.looseObject({
  User: z.string().nullish(),
  Entrypoint: z.array(z.string()).nullish(),
  Volumes: namesSchema,
  ExposedPorts: namesSchema,
  Env: z.array(z.string()).nullish(),
  StopSignal: z.string().nullish(),
})
export type ImageConfig = z.infer<typeof configSchema>

/** @throws ZodError when it is not what an engine prints of one image */
export function parseInspect(json: string): ImageConfig {
  const [image] = z.tuple([z.looseObject({ Config: configSchema })]).parse(JSON.parse(json))
  return image.Config
}

export interface Difference {
  readonly of: string
  readonly expected: string
  readonly found: string
}

/** What stops a container whose image does not say. */
const DEFAULT_STOP_SIGNAL = 'SIGTERM'

/** Where an image is not as `deploy/images.json` says. */
export function differences(expected: OfficialImage, config: ImageConfig): readonly Difference[] {
  const listed = Object.keys(expected.environment ?? {})
  const variables = new Map((config.Env ?? []).map((line) => cut(line, '=')))
  const compared: readonly Difference[] = [
    { of: 'user', expected: expected.userLine ?? expected.user, found: config.User ?? '' },
    {
      of: 'entry point',
      expected: JSON.stringify(expected.entrypoint),
      found: JSON.stringify(config.Entrypoint ?? []),
    },
    { of: 'volumes', expected: list(expected.volumes), found: list(Object.keys(config.Volumes ?? {})) },
    { of: 'ports', expected: list(expected.ports), found: list(Object.keys(config.ExposedPorts ?? {})) },
    {
      of: 'stop signal',
      expected: expected.stopSignal ?? DEFAULT_STOP_SIGNAL,
      found: config.StopSignal || DEFAULT_STOP_SIGNAL,
    },
    ...listed.map((name) => ({
      of: name,
      expected: expected.environment?.[name] ?? '',
      found: variables.get(name) ?? '(not set)',
    })),
  ]
  return compared.filter(({ expected, found }) => expected !== found)
}

const list = (names: readonly string[]): string => [...names].sort().join(' ')

function cut(line: string, at: string): readonly [string, string] {
  const [before = '', ...after] = line.split(at)
  return [before, after.join(at)]
}

/** What a registry said of a tag. */
export type RegistryAnswer = 'has it' | 'has no such tag' | 'not asked' | `no answer: ${string}`

/**
 * The answer in what a failed `docker --log-level=debug manifest inspect` wrote. Some clients end with `no such manifest`
 * where a proxy answered in the registry's place, so that only the registry's own code counts as its word.
 */
export function refusal(stderr: string): RegistryAnswer {
  if (/\b(?:manifest|name) unknown\b/i.test(stderr)) return 'has no such tag'
  const reasons = [...stderr.matchAll(/continuing on error \([^)]*\) (.*)"$/gm)].map(([, reason]) => reason)
  return `no answer: ${reasons.at(-1) ?? lastLine(stderr)}`
}

const lastLine = (text: string): string => text.trim().split('\n').at(-1) ?? ''

/** What came of comparing the image on this machine. */
export type LocalOutcome = 'as expected' | 'differs' | 'not here' | `not compared: ${string}`

/** The outcome in what a failed `docker image inspect` or `docker pull` wrote. */
export function absence(stderr: string): LocalOutcome {
  return /no such image|image not known/i.test(stderr) ? 'not here' : `not compared: ${lastLine(stderr)}`
}

/** One image, asked about and compared. */
export interface Checked {
  readonly name: string
  readonly image: string
  readonly tag: string
  readonly registry: RegistryAnswer
  readonly local: LocalOutcome
  readonly differences: readonly Difference[]
  /** Why the image made here is expected to be another than the official one. */
  readonly why?: string
}

/** Exit code. 1: something is not as expected; 3: not all could be asked and compared; 0: all of it holds. */
export function verdict(all: readonly Checked[]): 0 | 1 | 3 {
  if (all.some(({ registry, local }) => registry === 'has no such tag' || local === 'differs')) return 1
  const isKnown = ({ registry, local }: Checked) =>
    local === 'as expected' && !registry.startsWith('no answer')
  return all.length > 0 && all.every(isKnown) ? 0 : 3
}
