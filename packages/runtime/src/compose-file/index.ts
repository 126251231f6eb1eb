export { MEANINGLESS_WITHOUT_CONTAINERS } from './keys.ts'
export type { ComposeModel, ComposeMount, ComposePort, ComposeService, Place } from './model.ts'
export { placeOf } from './place.ts'
export { readComposeFiles } from './read.ts'
