import { readFileSync } from 'node:fs'
import { join } from 'node:path'

/** Parts of the SDK that keep state or classes which others meet: two copies, and one does not see the other. */
const PARTS = ['core', 'sdk-trace', 'instrumentation']
/** Packages of the previous major, by the names that they had. */
const FORMER_NAMES: Readonly<Record<string, string>> = { 'sdk-trace-base': 'sdk-trace' }

/** Where each part is installed, by the lock file of `folder`: `{ core: ['node_modules/@opentelemetry/core'] }`. */
export function copiesOf(folder: string): Record<string, string[]> {
  const lock = JSON.parse(readFileSync(join(folder, 'package-lock.json'), 'utf8')) as {
    readonly packages: Readonly<Record<string, object>>
  }
  const copies: Record<string, string[]> = Object.fromEntries(PARTS.map((part) => [part, []]))
  for (const place of Object.keys(lock.packages)) {
    const [, name = ''] = /node_modules\/@opentelemetry\/([^/]+)$/.exec(place) ?? []
    copies[FORMER_NAMES[name] ?? name]?.push(place)
  }
  return copies
}

/** One copy of each, at the top. */
export const ONE_COPY: Readonly<Record<string, readonly string[]>> = Object.fromEntries(
  PARTS.map((part) => [part, [`node_modules/@opentelemetry/${part}`]]),
)
