/**
 * Who may import whom, checked by test/architecture.test.ts. By hand:
 * `npx depcruise packages services bench collector deploy drills grafana loadtests slo telemetry test`.
 *
 * @see https://github.com/sverweij/dependency-cruiser/blob/main/doc/rules-reference.md
 */

import Visitor from '@swc/core/Visitor.js'

// The visitor that dependency-cruiser walks with does not know `using` yet and stops at it.
const { visitStatement } = Visitor.Visitor.prototype
Visitor.Visitor.prototype.visitStatement = function (statement) {
  if (statement.type !== 'UsingDeclaration') return visitStatement.call(this, statement)
  this.visitVariableDeclarators(statement.decls)
  return statement
}

/** Of every folder with TypeScript, the other folders that its source may import. Tests may import any of them. */
const MAY_IMPORT = {
  bench: ['packages/contracts', 'packages/runtime', 'packages/telemetry', 'packages/test-support'],
  collector: ['packages/telemetry'],
  deploy: ['packages/runtime', 'packages/toolchain'],
  drills: ['packages/drill-engine'],
  grafana: ['slo'],
  loadtests: ['packages/contracts'],
  'packages/backends-client': [],
  'packages/cli': [
    'packages/contracts',
    'packages/drill-engine',
    'packages/runtime',
    'packages/toolchain',
    'packages/verify',
  ],
  'packages/contracts': [],
  'packages/drill-engine': ['packages/backends-client', 'packages/contracts', 'packages/runtime', 'slo'],
  'packages/embedded-store': [],
  'packages/pager': [],
  'packages/ready': [],
  'packages/runtime': ['packages/ready', 'packages/toolchain'],
  'packages/service-kit': ['packages/contracts', 'packages/telemetry'],
  'packages/telemetry': [],
  'packages/test-support': [
    'packages/backends-client',
    'packages/contracts',
    'packages/runtime',
    'packages/service-kit',
    'packages/telemetry',
    'packages/toolchain',
  ],
  'packages/toolchain': [],
  'packages/verify': ['packages/backends-client', 'slo'],
  'services/[^/]+': ['packages/contracts', 'packages/service-kit', 'packages/telemetry'],
  slo: [],
  telemetry: [],
}

/** Layers of a service, and which of them each one may import beside itself. */
const LAYERS = {
  routes: ['domain'],
  consumers: ['domain'],
  domain: ['repositories', 'cache', 'clients'],
  repositories: [],
  cache: [],
  clients: ['repositories'],
}

/** Everything of the repository, and nothing that is installed. */
const OURS = '^(packages|services|bench|collector|deploy|drills|grafana|loadtests|slo|telemetry|test)/'
const TEST = '\\.test\\.ts$|^test/|/test/|/testing/'

/**
 * These have no package.json, and so no name: they are parts of the root package, which declares what they import. What
 * nobody else imports needs no name; among themselves, relative paths are paths within one package.
 */
const ROOT_PACKAGE = '^(collector|deploy|telemetry|test)/'
/** Programs, which export nothing. Tests of the root package that prove several of them together reach inside. */
const PROGRAMS = '^(services|packages/embedded-store)/'

/** A path by which one file imports another; an import by the name of a package is none. */
const RELATIVE = { dependencyTypes: ['local'], dependencyTypesNot: ['aliased'] }

const among = (names) => (names.length === 0 ? '(?!)' : `(${names.join('|')})`)

const rule = (name, comment, from, to) => ({ name, comment, severity: 'error', from, to })

export default {
  forbidden: [
    ...Object.entries(MAY_IMPORT).map(([folder, known]) =>
      rule(
        folder,
        `source in ${folder} may import ${known.join(', ') || 'no other folder'}`,
        { path: `^(${folder})/`, pathNot: TEST },
        { path: OURS, pathNot: `^($1|${among(known)})/` },
      ),
    ),
    ...Object.entries(LAYERS).map(([layer, known]) =>
      rule(
        `layer-${layer}`,
        `${layer}/ of a service may import ${known.join(', ') || 'no other layer'}`,
        { path: `^(services/[^/]+/src/)${layer}/`, pathNot: TEST },
        { path: '^services/[^/]+/src/', pathNot: `^$1${among([layer, ...known])}/` },
      ),
    ),
    rule(
      'by-name',
      'another package is imported by its name, in tests as well',
      // the benchmark's preloads replace modules inside the telemetry package, which therefore must not load as a whole
      {
        path: '^((packages|services)/[^/]+|[^/]+)/',
        pathNot: `${ROOT_PACKAGE}|^bench/src/overhead/preload/`,
      },
      { path: OURS, pathNot: '^$1/', ...RELATIVE },
    ),
    rule(
      'by-name-from-root',
      'the root package imports other packages by their names, and reaches into nothing but programs',
      { path: ROOT_PACKAGE },
      { path: OURS, pathNot: `${ROOT_PACKAGE}|${PROGRAMS}`, ...RELATIVE },
    ),
    rule(
      'no-circle',
      'modules that need each other are one module',
      { path: OURS },
      // What only types need of each other is gone when the code runs.
      { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    ),
  ],
  options: {
    // Reads `import type` too: knowing a type is knowing.
    tsPreCompilationDeps: true,
    // TypeScript 7 has no API that dependency-cruiser could use.
    parser: 'swc',
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '(^|/)(node_modules|dist|fixtures)/' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'default'] },
    skipAnalysisNotInRules: true,
  },
}
