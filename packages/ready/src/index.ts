export { assertReady, Refusal } from './ask.ts'
export { parseTargets } from './server.ts'
