export type { ComposeModel, ComposeService } from './model.ts'
export { readComposeFiles } from './read.ts'
