/**
 * Puts what a published package needs beside the compiled code: a manifest whose exports lead to JavaScript,
 * README and licence. Inside the repository `exports` leads to the source instead.
 */
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs'

interface Manifest {
  readonly name: string
  readonly version: string
  readonly description: string
  readonly license: string
  readonly type: string
  readonly engines: Readonly<Record<string, string>>
  readonly dependencies: Readonly<Record<string, string>>
}

const folder = new URL('../', import.meta.url)
const { name, version, description, license, type, engines, dependencies } = JSON.parse(
  readFileSync(new URL('package.json', folder), 'utf8'),
) as Manifest

const published = {
  name,
  version,
  description,
  keywords: ['opentelemetry', 'koa', 'tracing', 'metrics', 'logs', 'profiling', 'exemplars', 'pyroscope'],
  license,
  type,
  engines,
  exports: { '.': { types: './index.d.ts', default: './index.js' }, './package.json': './package.json' },
  dependencies,
}

writeFileSync(new URL('dist/package.json', folder), `${JSON.stringify(published, null, 2)}\n`)
copyFileSync(new URL('README.md', folder), new URL('dist/README.md', folder))
copyFileSync(new URL('../../LICENSE', folder), new URL('dist/LICENSE', folder))
