import { BINARY_NAMES, type BinaryName } from '@faultline/toolchain'
import type { ComponentDefinition } from '../component.ts'

/** Programs that no component runs, but load and tests need. */
const TOOLS: readonly BinaryName[] = ['k6', 'promtool']

/**
 * The order in which programs are found, or built: what the shop needs before everything else, so that it answers as
 * soon as it can, then what its metrics need, then all else; in each group what is built sooner comes first.
 */
export function resolutionOrder(
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
