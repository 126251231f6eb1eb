/** More is waiting for the disk than the store may hold; the sender should come back after `retryAfterSeconds`. */
export class OverloadedError extends Error {
  override readonly name = 'OverloadedError'
  readonly retryAfterSeconds = 1
}

/** The disk refused a write or a sync; nothing of the batch is acknowledged. `cause` has the system's error. */
export class StorageUnavailableError extends Error {
  override readonly name = 'StorageUnavailableError'
  readonly retryAfterSeconds = 5
}
