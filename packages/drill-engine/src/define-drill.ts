import type { Drill } from './drill.ts'

/** A drill contradicts itself; the message names what. */
export class DrillInvalid extends Error {
  override readonly name = 'DrillInvalid'
}

/**
 * Takes a drill's definition.
 * @throws DrillInvalid when it could not be judged
 */
export function defineDrill<const Definition extends Drill>(drill: Definition): Definition {
  const wrong = (what: string): never => {
    throw new DrillInvalid(`drill ${drill.name}: ${what}`)
  }
  if (!/^[a-z][a-z0-9-]*$/.test(drill.name)) wrong('the name is not in kebab case')
  const ids = drill.evidence.map(({ id }) => id)
  const twice = ids.find((id, i) => ids.indexOf(id) !== i)
  if (twice !== undefined) wrong(`evidence "${twice}" is there twice`)
  const signals = new Set(drill.evidence.map(({ signal }) => signal))
  // Profiles are left to drills whose fault costs time in a process of the kit.
  const missing = (['metrics', 'logs', 'traces'] as const).filter((signal) => !signals.has(signal))
  if (missing.length > 0) wrong(`no evidence in ${missing.join(', ')}`)
  if (drill.faults.length === 0) wrong('there is no fault')
  if (drill.seconds.fault > drill.seconds.faultAtMost) wrong('the fault lasts longer than at most')
  for (const evidence of drill.evidence) {
    if (evidence.signal !== 'profiles') continue
    try {
      new RegExp(evidence.frame)
    } catch {
      wrong(`evidence "${evidence.id}": ${evidence.frame} is not a regular expression`)
    }
  }
  return drill
}
