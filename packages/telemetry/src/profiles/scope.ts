import type { SampleOrigin } from './profile-encoding.ts'

/** Runs code so that profile samples taken in it, also after an await, know what they belong to. */
export interface ProfileScope {
  run<T>(origin: SampleOrigin, fn: () => T): T
}
