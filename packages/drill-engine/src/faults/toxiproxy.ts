import { request } from 'undici'
import { EnvironmentFailure } from '../errors.ts'

export interface Toxic {
  readonly name: string
  readonly type: string
  readonly stream: 'upstream' | 'downstream'
  readonly attributes: Readonly<Record<string, number>>
}

/** @see https://github.com/Shopify/toxiproxy#http-api */
export interface Toxiproxy {
  add(proxy: string, toxic: Toxic): Promise<void>
  /** Does nothing when it is not there. */
  remove(proxy: string, toxic: string): Promise<void>
}

const TIMEOUT_MS = 5000

export function createToxiproxy(baseUrl: string): Toxiproxy {
  async function send(method: 'POST' | 'DELETE', path: string, body?: unknown): Promise<number> {
    const response = await request(`${baseUrl}${path}`, {
      method,
      headers: { 'content-type': 'application/json' },
      body: body === undefined ? null : JSON.stringify(body),
      headersTimeout: TIMEOUT_MS,
      bodyTimeout: TIMEOUT_MS,
    }).catch((error: unknown) => {
      throw new EnvironmentFailure(`Toxiproxy does not answer on ${baseUrl}`, { cause: error })
    })
    const text = await response.body.text()
    if (response.statusCode < 400 || (method === 'DELETE' && response.statusCode === 404))
      return response.statusCode
    throw new EnvironmentFailure(`Toxiproxy refused ${method} ${path}: ${text}`)
  }
  return {
    async add(proxy, toxic) {
      await send('DELETE', `/proxies/${proxy}/toxics/${toxic.name}`)
      await send('POST', `/proxies/${proxy}/toxics`, toxic)
    },
    async remove(proxy, toxic) {
      await send('DELETE', `/proxies/${proxy}/toxics/${toxic}`)
    },
  }
}
