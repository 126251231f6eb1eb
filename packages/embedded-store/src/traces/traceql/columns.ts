import type { Value } from './values.ts'

export type Scope = 'span' | 'resource'

/**
 * Attributes whose texts Tempo keeps in columns of their own by default; values of other types lie with all the other
 * attributes.
 */
const COLUMNS: Readonly<Record<Scope, ReadonlySet<string>>> = {
  resource: new Set([
    'service.name',
    'k8s.cluster.name',
    'k8s.namespace.name',
    'k8s.pod.name',
    'k8s.container.name',
  ]),
  span: new Set([
    'http.request.method',
    'url.path',
    'url.route',
    'server.address',
    'http.method',
    'http.url',
    'http.route',
  ]),
}

/** Whether the texts of an attribute have a column to themselves. */
export function hasColumn(scope: Scope, name: string): boolean {
  return COLUMNS[scope].has(name)
}

/** What an attribute's own column holds of a value. */
export function inColumn(scope: Scope, name: string, value: Value): string | undefined {
  if (hasColumn(scope, name) && typeof value === 'string') return value
  // The one column that is never empty.
  return scope === 'resource' && name === 'service.name' ? '' : undefined
}
