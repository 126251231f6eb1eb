import type { ComposeModel, ComposeService } from '../compose-file/model.ts'
import { type Image, type Images, type Program, programOf } from './images.ts'

/** A service that runs here. */
export interface Part {
  readonly service: ComposeService
  readonly image: Image & { readonly program: Program }
  /** Services without a program here, in whose place it runs. */
  readonly standsInFor: readonly string[]
}

/** Which services of the files run as plain processes. */
export interface Parts {
  readonly running: readonly Part[]
  /** The part that answers for a service: itself, or what stands in for it; undefined where it is absent. */
  inPlaceOf(service: string): Part | undefined
}

/**
 * Decides what runs: services without a profile that have a program here; what stands in for another, only where that
 * one has none.
 * @param isInstalled tells of a program that is never built whether it is there
 * @throws StackError (wrong use) naming a service whose image has no known program
 */
export function partsOf(
  { services }: ComposeModel,
  images: Images,
  isInstalled: (binary: string) => boolean,
): Parts {
  const asked = [...services.values()].filter(({ profiles }) => profiles.length === 0)
  const withProgram = asked.map((service) => ({ service, image: programOf(service, images) }))
  const present = withProgram.filter(
    ({ image: { program } }) => program.optional !== true || isInstalled(program.binary ?? ''),
  )
  const isAbsent = (name: string): boolean =>
    asked.some((service) => service.name === name) && !present.some(({ service }) => service.name === name)
  const running = present.flatMap(({ service, image }): readonly Part[] => {
    const names = Object.keys(service.standsInFor)
    const standsInFor = names.filter(isAbsent)
    return names.length > 0 && standsInFor.length === 0 ? [] : [{ service, image, standsInFor }]
  })
  return {
    running,
    inPlaceOf: (name) =>
      running.find(({ service, standsInFor }) => service.name === name || standsInFor.includes(name)),
  }
}

/** A part's variables, without those that are about a service that is absent, or one that needs no stand-in. */
export function variablesOf(part: Part, parts: Parts): Readonly<Record<string, string>> {
  const { environment, needs, standsInFor } = part.service
  const idle = Object.entries(standsInFor).flatMap(([name, variables]) =>
    part.standsInFor.includes(name) ? [] : variables,
  )
  return Object.fromEntries(
    Object.entries(environment).filter(([variable]) => {
      const needed = needs[variable]
      return !idle.includes(variable) && (needed === undefined || parts.inPlaceOf(needed) !== undefined)
    }),
  )
}
