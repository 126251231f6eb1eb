export { type RunOptions, run } from './program.ts'
