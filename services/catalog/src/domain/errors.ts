/** There is nothing with this id. */
export class NotFoundError extends Error {
  override readonly name = 'NotFoundError'
  readonly entity: string
  readonly id: string

  constructor(entity: string, id: string) {
    super(`there is no ${entity} with the id ${id}`)
    this.entity = entity
    this.id = id
  }
}

/** What was to be changed is of another version than the caller has seen. */
export class VersionMismatchError extends Error {
  override readonly name = 'VersionMismatchError'
}
