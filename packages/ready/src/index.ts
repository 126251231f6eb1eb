export { ask, assertReady, Refusal } from './ask.ts'
export { type Readiness, readiness, readyServer } from './server.ts'
export { parseTargets, type Target } from './targets.ts'
