export { describeQuery, QueryCache, type QueryDescription } from './describe.ts'
export { maskQuery } from './mask.ts'
export { type QuerySummary, summarizeQuery } from './summarize.ts'
