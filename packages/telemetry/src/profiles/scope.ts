/** Runs code so that profile samples taken in it, also after an await, know what they belong to. */
export interface ProfileScope {
  run<T>(label: object, fn: () => T): T
}
