/**
 * Builds the package that is installed: the source compiled once, to CommonJS, and beside each entry point an ES module
 * that hands on the same values, so that a program which loads both ways has one registry and one profiler. Inside the
 * repository `exports` leads to the source instead.
 */
import { execFileSync } from 'node:child_process'
import { copyFileSync, globSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'

interface Manifest {
  readonly name: string
  readonly version: string
  readonly description: string
  readonly license: string
  readonly engines: Readonly<Record<string, string>>
  readonly dependencies: Readonly<Record<string, string>>
  readonly peerDependencies: Readonly<Record<string, string>>
  readonly peerDependenciesMeta: Readonly<Record<string, { readonly optional: boolean }>>
}

/** Imports of dependencies that are ES modules only. */
const OF_ES_MODULES = /^import (?:type )?(\{.*\}) from '(pbf)'/gm
/** Names in `exports`, and the compiled file of each, without its extension. */
const ENTRY_POINTS = { '.': 'index', './profiles': 'profiles/index' }

const folder = new URL('../', import.meta.url)
const dist = new URL('dist/', folder)
const require = createRequire(dist)

rmSync(dist, { recursive: true, force: true })
execFileSync('tsc', ['-p', 'tsconfig.build.json'], { cwd: folder, stdio: 'inherit' })
// What is CommonJS already.
for (const file of globSync('**/*.{cjs,d.cts}', { cwd: fileURLToPath(new URL('src/', folder)) })) {
  copyFileSync(new URL(`src/${file}`, folder), new URL(file, dist))
}
for (const file of globSync('**/*.d.ts', { cwd: fileURLToPath(dist) })) markEsModules(new URL(file, dist))
writeManifest()
for (const file of Object.values(ENTRY_POINTS)) writeModule(file)
copyFileSync(new URL('README.md', folder), new URL('README.md', dist))
copyFileSync(new URL('../../LICENSE', folder), new URL('LICENSE', dist))

/** In CommonJS, TypeScript's `node16` takes types of ES modules only from an import that says so. */
function markEsModules(file: URL): void {
  const declarations = readFileSync(file, 'utf8')
  writeFileSync(
    file,
    declarations.replace(OF_ES_MODULES, "import type $1 from '$2' with { 'resolution-mode': 'import' }"),
  )
}

function writeManifest(): void {
  const source = JSON.parse(readFileSync(new URL('package.json', folder), 'utf8')) as Manifest
  const { name, version, description, license, engines, dependencies } = source
  const exports = Object.entries(ENTRY_POINTS).map(([entry, file]) => [
    entry,
    {
      import: { types: `./${file}.d.mts`, default: `./${file}.mjs` },
      default: { types: `./${file}.d.ts`, default: `./${file}.js` },
    },
  ])
  const published = {
    name,
    version,
    description,
    keywords: ['opentelemetry', 'tracing', 'metrics', 'logs', 'profiling', 'exemplars', 'pyroscope', 'koa'],
    license,
    type: 'commonjs',
    engines,
    main: './index.js',
    types: './index.d.ts',
    exports: { ...Object.fromEntries(exports), './package.json': './package.json' },
    dependencies,
    peerDependencies: source.peerDependencies,
    peerDependenciesMeta: source.peerDependenciesMeta,
  }
  writeFileSync(new URL('package.json', dist), `${JSON.stringify(published, null, 2)}\n`)
}

function writeModule(file: string): void {
  const script = `./${file.split('/').at(-1)}.js`
  const names = Object.keys(require(`./${file}.js`) as object).toSorted()
  const lines = [`import values from '${script}'`, '', `export const { ${names.join(', ')} } = values`, '']
  writeFileSync(new URL(`${file}.mjs`, dist), lines.join('\n'))
  writeFileSync(new URL(`${file}.d.mts`, dist), `export * from '${script}'\n`)
}
