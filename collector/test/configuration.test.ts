import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { type BinaryName, resolveBinary } from '@faultline/toolchain'
import { execa } from 'execa'
import { describe, expect, onTestFinished, test } from 'vitest'
import { parse } from 'yaml'
import { COLLECTOR_FOLDER, CONFIGURATION, FEATURE_GATES } from './support/collector.ts'

const BACKENDS = join(dirname(COLLECTOR_FOLDER), 'backends')

async function run(
  binary: BinaryName,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<{ readonly exitCode: number | undefined; readonly output: string }> {
  const { path } = await resolveBinary(binary)
  const { exitCode, all } = await execa(path, args, { env, reject: false, all: true, timeout: 60_000 })
  return { exitCode, output: all }
}

async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'faultline-configuration-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  return folder
}

describe('collector.yaml', async () => {
  const text = await readFile(CONFIGURATION, 'utf8')

  async function validate(
    changed: string,
  ): Promise<{ readonly exitCode: number | undefined; readonly output: string }> {
    const folder = await temporaryFolder()
    const file = join(folder, 'collector.yaml')
    await writeFile(file, changed)
    return run('collector', ['validate', '--config', file, FEATURE_GATES], {
      QUEUE_DIR: join(folder, 'queue'),
    })
  }

  test('is valid without any variable but the folder of the queue', async () => {
    expect(await validate(text)).toMatchObject({ exitCode: 0 })
  })

  test.each([
    ['an unknown key', 'decision_wait: ', 'decision_weight: ', 'decision_weight'],
    [
      'an unknown component',
      'exporters: [otlp_http/loki]',
      'exporters: [otlp_http/lokki]',
      'otlp_http/lokki',
    ],
    ['a wrong value', 'limit_mib: 400', 'limit_mib: plenty', 'limit_mib'],
    ['broken YAML', 'receivers:\n  otlp:', 'receivers: [\n  otlp:', 'yaml'],
  ])('%s is an error that names it', async (_, good, bad, named) => {
    expect(text).toContain(good)
    const { exitCode, output } = await validate(text.replace(good, bad))
    expect(exitCode).not.toBe(0)
    expect(output).toContain(named)
  })

  test('refuses what comes in from outside before it runs out of memory, profiles too', () => {
    const { pipelines } = parse(text).service
    const fromOutside = Object.entries<{ receivers: string[]; processors?: string[] }>(pipelines).filter(
      ([, { receivers }]) => receivers.some((name) => name === 'otlp' || name === 'prometheus'),
    )
    expect(fromOutside.map(([name]) => name).sort()).toEqual(['logs', 'metrics', 'profiles', 'traces'])
    for (const [name, { processors }] of fromOutside) expect(processors?.[0], name).toBe('memory_limiter')
  })

  test('what the binary is built from is what the configuration uses, no more and no less', async () => {
    const manifest = parse(await readFile(join(COLLECTOR_FOLDER, 'manifest.yaml'), 'utf8'))
    const configuration = parse(text)
    for (const kind of ['extensions', 'receivers', 'processors', 'connectors', 'exporters'] as const) {
      // `otlp_http/loki` is a second `otlp_http`, whose module is …/otlphttpexporter.
      const used = Object.keys(configuration[kind]).map((name) => name.split('/')[0]?.replaceAll('_', ''))
      const built = manifest[kind].map(
        ({ gomod }: { readonly gomod: string }) =>
          /([a-z]+?)(?:extension|receiver|processor|connector|exporter)? v/.exec(gomod)?.[1],
      )
      expect(new Set(used), kind).toEqual(new Set(built))
    }
  })
})

describe('Prometheus', () => {
  const folder = join(BACKENDS, 'prometheus')

  test.each(['prometheus.drill.yaml', 'prometheus.production.yaml'])(
    'promtool accepts %s with its rules',
    async (file) => {
      const { exitCode, output } = await run('promtool', ['check', 'config', join(folder, file)])
      expect(output).not.toContain('FAILED')
      expect(exitCode).toBe(0)
      // Its own rules and one file for every objective.
      const objectives = await readdir(join(dirname(COLLECTOR_FOLDER), 'slo/objectives'))
      const own = (await readdir(join(folder, 'rules'))).filter((name) => name.endsWith('.rules.yaml'))
      expect(output).toContain(`SUCCESS: ${own.length + objectives.length} rule files found`)
    },
  )

  test('the profiles differ in interval, rules and retention only', async () => {
    const read = async (profile: string) => {
      const { global, rule_files, storage, ...rest } = parse(
        await readFile(join(folder, `prometheus.${profile}.yaml`), 'utf8'),
      )
      const { retention, ...tsdb } = storage.tsdb
      return {
        global: Object.keys(global),
        rule_files: rule_files.map((glob: string) => glob.replace(profile, '')),
        tsdb,
        exemplars: storage.exemplars,
        retention: Object.keys(retention),
        ...rest,
      }
    }
    expect(await read('drill')).toEqual(await read('production'))
  })
})

test('Loki accepts loki.yaml with and without its variables', async () => {
  const folder = await temporaryFolder()
  const args = [
    `-config.file=${join(BACKENDS, 'loki/loki.yaml')}`,
    '-config.expand-env=true',
    '-verify-config',
  ]
  expect(await run('loki', args)).toMatchObject({ exitCode: 0 })
  expect(
    await run('loki', args, { LOKI_DATA_DIR: folder, LOKI_HTTP_PORT: '3999', LOKI_RETENTION: '24h' }),
  ).toMatchObject({
    exitCode: 0,
  })
  expect((await run('loki', args, { LOKI_RETENTION: 'soon' })).exitCode).not.toBe(0)
})
