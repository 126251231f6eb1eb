import { readdirSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { resolveBinary } from '@faultline/toolchain'
import { execa } from 'execa'
import { parse } from 'yaml'
import { z } from 'zod'
import { tagOf } from '../airgapped/src/image.ts'

export const REPOSITORY = fileURLToPath(new URL('../../', import.meta.url))

export const AIR_GAPPED = 'deploy/airgapped/docker-compose.yml'

/** Every way of running that this repository has a file for, by what people call it. */
export const OVERLAYS: Readonly<Record<string, readonly string[]>> = {
  'as it is': [],
  'air-gapped': [AIR_GAPPED],
  'bring your own': ['deploy/compose/bring-your-own.yml'],
  'also to': ['deploy/compose/also-to.yml'],
  'with Alertmanager': ['deploy/compose/alertmanager.yml'],
  closed: ['deploy/compose/closed.yml'],
}

/** The image of everything of the kit's own. */
export const KIT = tagOf('kit')

const serviceSchema = z.looseObject({
  image: z.string(),
  build: z.unknown().optional(),
  pull_policy: z.string().optional(),
  user: z.string().optional(),
  profiles: z.array(z.string()).optional(),
  read_only: z.boolean().optional(),
  privileged: z.boolean().optional(),
  cap_drop: z.array(z.string()).optional(),
  cap_add: z.array(z.string()).optional(),
  security_opt: z.array(z.string()).optional(),
  mem_limit: z.union([z.string(), z.number()]).optional(),
  pids_limit: z.number().optional(),
  restart: z.string().optional(),
  stop_signal: z.string().optional(),
  tmpfs: z.array(z.string()).optional(),
  expose: z.array(z.string()).optional(),
  network_mode: z.string().optional(),
  healthcheck: z
    .looseObject({ test: z.array(z.string()), interval: z.string().optional(), retries: z.number() })
    .optional(),
  logging: z.looseObject({ driver: z.string(), options: z.record(z.string(), z.string()) }).optional(),
  entrypoint: z.array(z.string()).nullish(),
  command: z.array(z.string()).nullish(),
  environment: z.record(z.string(), z.string().nullable()).optional(),
  depends_on: z.record(z.string(), z.looseObject({ condition: z.string() })).optional(),
  ports: z
    .array(
      z.looseObject({
        name: z.string().optional(),
        host_ip: z.string().optional(),
        published: z.string().optional(),
        target: z.number(),
        protocol: z.string(),
      }),
    )
    .optional(),
  volumes: z
    .array(
      z.looseObject({
        type: z.string(),
        source: z.string().optional(),
        target: z.string(),
        read_only: z.boolean().optional(),
        bind: z.looseObject({ selinux: z.string().optional() }).optional(),
      }),
    )
    .optional(),
})
export type RenderedService = z.infer<typeof serviceSchema>
const fileSchema = z.looseObject({ services: z.record(z.string(), serviceSchema) })

/** The variables that move a published port, with the port without them. */
export const portVariables: ReadonlyMap<string, number> = new Map(
  [
    ...readFileSync(`${REPOSITORY}docker-compose.yml`, 'utf8').matchAll(/\$\{(FAULTLINE_PORT_\w+):-(\d+)\}/g),
  ].map(([, name = '', port]) => [name, Number(port)]),
)

/** Every port moved by one offset, as variables. */
export const movedPorts = (offset: number): Variables =>
  Object.fromEntries([...portVariables].map(([name, port]) => [name, String(port + offset)]))

/** What a person may have set before `docker compose up`. */
type Variables = Readonly<Record<string, string>>

/** The compose file with overlays merged, as compose itself reads it; all profiles. No engine is needed. */
export async function rendered(
  overlays: readonly string[] = [],
  variables: Variables = {},
): Promise<ReadonlyMap<string, RenderedService>> {
  const { path } = await resolveBinary('compose')
  const files = ['docker-compose.yml', ...overlays].flatMap((file) => ['--file', file])
  const { stdout } = await execa(path, [...files, '--env-file=/dev/null', '--profile', '*', 'config'], {
    cwd: REPOSITORY,
    env: { OTLP_ENDPOINT: 'http://otlp.example.com', ...variables },
  })
  return new Map(Object.entries(fileSchema.parse(parse(stdout)).services))
}

/** Folders and files of this machine that a service mounts. */
export const bindMounts = ({ volumes = [] }: RenderedService) => volumes.filter(({ type }) => type === 'bind')

/** A file that a service sees, whose path on this machine and in the container are both known. */
export interface MountedFile {
  /** Relative to the repository. */
  readonly path: string
  readonly inContainer: string
  readonly text: string
}

/** Every file of the repository that a service mounts. */
export const mountedFiles = (service: RenderedService): readonly MountedFile[] =>
  bindMounts(service).flatMap(({ source = '', target }) =>
    readdirSync(source, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => {
        const file = join(entry.parentPath, entry.name)
        return {
          path: relative(REPOSITORY, file),
          inContainer: join(target, relative(source, file)),
          text: readFileSync(file, 'utf8'),
        }
      }),
  )

/** What `ready` asks: name and URL. */
export function targetsOf(
  ready: RenderedService | undefined,
): readonly (readonly [name: string, url: string])[] {
  return (ready?.environment?.READY_TARGETS ?? '').split(' ').map((target) => {
    const at = target.indexOf('=')
    return [target.slice(0, at), target.slice(at + 1)]
  })
}
