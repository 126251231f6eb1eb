export { type Incident, incidentsSchema } from './history.ts'
export { type Pager, type PagerOptions, startPager } from './pager.ts'
