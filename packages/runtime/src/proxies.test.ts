import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { REPOSITORY_ROOT } from '@faultline/toolchain'
import { expect, test } from 'vitest'
import { portsAt } from './ports.ts'
import { PROXY_NAMES, proxyVariables } from './proxies.ts'
import { render } from './render.ts'

const template = readFileSync(join(REPOSITORY_ROOT, 'backends/toxiproxy/proxies.json'), 'utf8')

test('the file of proxies has those of the table, and every placeholder a value', () => {
  const variables = proxyVariables(portsAt(30))
  const proxies = JSON.parse(render(template, variables)) as { name: string; listen: string }[]
  expect(proxies.map(({ name }) => name)).toEqual(PROXY_NAMES)
  expect(proxies.every((proxy) => 'enabled' in proxy && proxy.enabled === true)).toBe(true)
  expect(Object.keys(variables)).toHaveLength(2 * proxies.length)
})

test('a proxy listens beside what it leads to', () => {
  expect(proxyVariables(portsAt(30))).toMatchObject({
    TOXIPROXY_PAYMENT_PROVIDER_LISTEN: '127.0.0.1:18116',
    TOXIPROXY_PAYMENT_PROVIDER_UPSTREAM: '127.0.0.1:8116',
    TOXIPROXY_NATS_LISTEN: '127.0.0.1:14252',
    TOXIPROXY_NATS_UPSTREAM: '127.0.0.1:4252',
  })
})
