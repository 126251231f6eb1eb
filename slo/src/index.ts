export { BURN_CONDITIONS } from './alerts.ts'
export { latencySeconds, type ObjectiveName, objectives } from './objectives.ts'
