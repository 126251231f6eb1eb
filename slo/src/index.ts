export { BURN_CONDITIONS } from './alerts.ts'
export { drillClock } from './clock.ts'
export { latencySeconds, type ObjectiveName, objectives } from './objectives.ts'
