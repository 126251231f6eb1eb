import type { KoaContext, TelemetryState } from './types.ts'

/** Routes whose spelling is remembered; there are as many as the service has. */
const MAX_REMEMBERED = 1_024
const spellings = new Map<string, string>()

/** The route that answered, in OpenAPI's spelling; to be asked after the router has run. */
export function routeOf(ctx: KoaContext): string | undefined {
  const { httpRoute } = ctx.state as TelemetryState
  const matched = typeof httpRoute === 'string' ? httpRoute : ctx._matchedRoute
  if (matched === undefined || matched === null) return undefined
  const template = typeof matched === 'string' ? matched : String(matched)
  const known = spellings.get(template)
  if (known !== undefined) return known
  const spelling = matched instanceof RegExp ? template : toOpenApi(template)
  if (spellings.size < MAX_REMEMBERED) spellings.set(template, spelling)
  return spelling
}

/** `/concerts/:id` and `/files/*path` of path-to-regexp as `/concerts/{id}` and `/files/{path}`. */
export function toOpenApi(template: string): string {
  return template
    .replace(/\{([^{}]*[:*][^{}]*)\}/g, '$1')
    .replace(/[:*]([\p{ID_Start}$_][\p{ID_Continue}$]*)(\([^()]*\))?[?*+]?/gu, '{$1}')
}
