export type { Check, Hop, VerifyReport } from './report/check.ts'
export { renderReport } from './report/render.ts'
export { markRequest } from './requests/sender.ts'
export { KitNotRunning, runVerify, type VerifyProgress } from './run-verify.ts'
