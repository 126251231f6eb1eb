export {
  BURN_ALERTS,
  type BurnAlert,
  type BurnCondition,
  WINDOW_SECONDS,
  type WindowName,
} from './burn-rate.ts'
export { readObjectives, renderRules, SLO_FOLDER } from './generate.ts'
export { alertPrefix, errorBudget, type Indicator, type Objective } from './objective.ts'
export { ObjectiveError, parseObjective } from './openslo.ts'
export { PROFILES, type Profile } from './profile.ts'
