import { MalformedError } from '../../otlp/batch.ts'

const SERVICE = /^[\w./-]+$/
const LABEL = /^[\w.]+$/
/** Label that stands for the application's own name. */
const NAME = '__name__'

/** What the `name` of a push says: `payment-provider{service.instance.id=payment-provider-1,region=eu}`. */
export interface AppName {
  readonly service: string
  readonly labels: ReadonlyMap<string, string>
}

/**
 * Reads an application's name with its labels as Pyroscope does: blanks around names and values do not count, a value
 * ends at a comma or a brace, of two values the later counts, and what is not closed is left out.
 *
 * @see https://github.com/grafana/pyroscope/blob/v2.0.6/api/model/labelset/labelset.go
 * @throws {MalformedError} when a name is missing or has characters that are not allowed
 */
export function parseAppName(text: string): AppName {
  const brace = text.indexOf('{')
  const service = (brace === -1 ? text : text.slice(0, brace)).trim()
  if (!SERVICE.test(service))
    throw new MalformedError(`name: invalid service name: ${JSON.stringify(service)}`)
  const labels = new Map<string, string>()
  let rest = brace === -1 ? '' : text.slice(brace + 1)
  for (;;) {
    const pair = /^([^=}]*)=([^,}]*)[,}]/.exec(rest)
    if (pair === null) break
    const [whole, key = '', value = ''] = pair
    const label = key.trim()
    if (!LABEL.test(label)) throw new MalformedError(`name: invalid label name: ${JSON.stringify(label)}`)
    labels.set(label, value.trim())
    rest = rest.slice(whole.length)
  }
  const own = labels.get(NAME)
  labels.delete(NAME)
  return { service: own ?? service, labels }
}
