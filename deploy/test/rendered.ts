import { resolveBinary } from '@faultline/stack/binaries'
import { execa } from 'execa'
import { parse } from 'yaml'
import { z } from 'zod'

export const REPOSITORY = new URL('../../', import.meta.url).pathname

const serviceSchema = z.looseObject({
  image: z.string(),
  build: z.unknown().optional(),
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
  network_mode: z.string().optional(),
  healthcheck: z.looseObject({ test: z.array(z.string()) }).optional(),
  logging: z.looseObject({ driver: z.string(), options: z.record(z.string(), z.string()) }).optional(),
  entrypoint: z.array(z.string()).nullish(),
  command: z.array(z.string()).nullish(),
  environment: z.record(z.string(), z.string().nullable()).optional(),
  depends_on: z.record(z.string(), z.looseObject({ condition: z.string() })).optional(),
  ports: z
    .array(
      z.looseObject({ host_ip: z.string().optional(), published: z.string().optional(), target: z.number() }),
    )
    .optional(),
  volumes: z
    .array(
      z.looseObject({
        type: z.string(),
        source: z.string().optional(),
        target: z.string(),
        read_only: z.boolean().optional(),
      }),
    )
    .optional(),
})
export type RenderedService = z.infer<typeof serviceSchema>
const fileSchema = z.looseObject({ services: z.record(z.string(), serviceSchema) })

/** The compose file with overlays merged, as compose itself reads it; all profiles. No engine is needed. */
export async function rendered(
  ...overlays: readonly string[]
): Promise<ReadonlyMap<string, RenderedService>> {
  const { path } = await resolveBinary('compose')
  const files = ['docker-compose.yml', ...overlays].flatMap((file) => ['--file', file])
  const { stdout } = await execa(path, [...files, '--profile', '*', 'config'], {
    cwd: REPOSITORY,
    env: { OTLP_ENDPOINT: 'http://otlp.example.com' },
  })
  return new Map(Object.entries(fileSchema.parse(parse(stdout)).services))
}
