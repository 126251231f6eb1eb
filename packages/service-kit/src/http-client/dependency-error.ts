import type { DependencyFailure } from '../problems/common-problems.ts'

/** A call to a dependency did not succeed, after whatever retries were allowed. */
export class DependencyError extends Error {
  override readonly name = 'DependencyError'
  readonly dependency: string
  readonly failure: DependencyFailure

  constructor(dependency: string, failure: DependencyFailure, cause?: unknown) {
    super(`${dependency}: ${failure}`, { cause })
    this.dependency = dependency
    this.failure = failure
  }
}
