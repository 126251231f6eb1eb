import type { Span } from '@faultline/backends-client'

/** What a span carries whose samples can be asked for; Grafana goes by it, too. */
export const PROFILE_ID = 'pyroscope.profile.id'

/** The id that the samples of a span are stored under, if its profiler says which span a sample belongs to. */
export function profileIdOf(span: Span): string | undefined {
  const id = span.attributes[PROFILE_ID]
  return typeof id === 'string' ? id : undefined
}
