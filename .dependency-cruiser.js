/**
 * Who may know whom: the table of the architecture as rules, checked by a test of service-kit.
 * `npx depcruise packages services` shows the same by hand.
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

/** The packages of this repository that a package's source may import. */
const MAY_KNOW = {
  'backends-client': [],
  cli: ['backends-client', 'contracts', 'drill-engine', 'runtime', 'toolchain', 'verify'],
  console: [],
  contracts: [],
  'drill-engine': ['backends-client', 'contracts', 'runtime'],
  'embedded-store': [],
  pager: [],
  ready: [],
  runtime: ['ready', 'toolchain'],
  'service-kit': ['contracts', 'telemetry'],
  telemetry: [],
  toolchain: [],
  verify: ['backends-client', 'runtime'],
}

/** The packages that a service may import. */
const SERVICES_MAY_KNOW = ['contracts', 'service-kit', 'telemetry']

/** Layers of a service, each a folder or one file, and which of them each one may import beside itself. */
const LAYERS = {
  routes: ['domain'],
  domain: ['repositories', 'clients', 'cache'],
  /** What other servers are asked and told; an event is sent as it was stored. */
  clients: ['repositories'],
  repositories: [],
  cache: [],
}

/** Tests start other things than what they test. */
const SOURCE_ONLY = '\\.test\\.ts$|/testing/'

const anyOf = (names) => (names.length === 0 ? '(?!)' : `(${names.join('|')})`)

const packageRules = Object.entries(MAY_KNOW).map(([name, known]) => ({
  name: `package-${name}`,
  comment: `packages/${name} may know ${known.length > 0 ? known.join(', ') : 'no other package'}`,
  severity: 'error',
  from: { path: `^packages/${name}/src/`, pathNot: SOURCE_ONLY },
  to: { path: '^(packages|services)/', pathNot: `^packages/${anyOf([name, ...known])}/` },
}))

const layerRules = Object.entries(LAYERS).map(([layer, known]) => ({
  name: `layer-${layer}`,
  comment: `the layer ${layer} of a service may know ${known.length > 0 ? known.join(', ') : 'no other layer'}`,
  severity: 'error',
  from: { path: `^services/[^/]+/src/${layer}(/|\\.ts$)`, pathNot: SOURCE_ONLY },
  to: { path: `^services/[^/]+/src/`, pathNot: `^services/[^/]+/src/${anyOf([layer, ...known])}(/|\\.ts$)` },
}))

export default {
  forbidden: [
    ...packageRules,
    ...layerRules,
    {
      name: 'service-packages',
      comment: `a service may know ${SERVICES_MAY_KNOW.join(', ')}`,
      severity: 'error',
      from: { path: '^services/[^/]+/src/', pathNot: SOURCE_ONLY },
      to: { path: '^packages/', pathNot: `^packages/${anyOf(SERVICES_MAY_KNOW)}/` },
    },
    {
      name: 'service-apart',
      comment: "a service never reaches into another one's folder",
      severity: 'error',
      from: { path: '^services/([^/]+)/' },
      to: { path: '^services/', pathNot: '^services/$1/' },
    },
    {
      name: 'no-circle',
      comment: 'modules that need each other are one module',
      severity: 'error',
      from: { path: '^(packages|services)/' },
      // What only types need of each other is gone when the code runs.
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
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
