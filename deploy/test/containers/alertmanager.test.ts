/** Alertmanager as the overlay runs it, and Prometheus that tells it. */
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { SERVICES } from '@faultline/runtime'
import { Network, Wait } from 'testcontainers'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { stringify } from 'yaml'
import { REPOSITORY } from '../rendered.ts'
import { type ContainerServer, type ServerOptions, startServer } from './support/server.ts'

/** Where Prometheus looks for it: deploy/compose/alertmanagers. */
const PORT = SERVICES.alertmanager.http
const PROMETHEUS_PORT = SERVICES.prometheus.http
const WITHIN = { timeout: 30_000, interval: 500 }
const own = (...path: string[]) => join(REPOSITORY, ...path)

const started = new AsyncDisposableStack()
let alertmanager: ContainerServer

/** Fires at once and for ever. */
const rule = (alert: string, labels: Record<string, string>) => ({ alert, expr: 'vector(1)', labels })
const RULES = {
  groups: [
    {
      name: 'test',
      rules: [
        rule('FastBurn', { severity: 'page', slo: 'catalog-latency', service: 'catalog' }),
        rule('SlowBurn', { severity: 'ticket', slo: 'catalog-latency', service: 'catalog' }),
        rule('TargetDown', { severity: 'ticket', service: 'catalog' }),
      ],
    },
  ],
}

beforeAll(async () => {
  const rules = await mkdtemp(join(tmpdir(), 'faultline-rules-'))
  started.defer(() => rm(rules, { recursive: true, force: true }))
  // read by a user of the container's
  await chmod(rules, 0o755)
  await writeFile(join(rules, 'test.rules.yaml'), stringify(RULES), { mode: 0o644 })
  const network = started.adopt(await new Network().start(), async (opened) => void (await opened.stop()))
  const start = async (name: string, options: ServerOptions) =>
    started.use(await startServer({ ...options, network: { of: network, name } }))

  alertmanager = await start('alertmanager', {
    image: 'alertmanager',
    ports: [PORT],
    user: '65534:65534',
    command: [
      '--config.file=/etc/alertmanager/alertmanager.yml',
      '--storage.path=/alertmanager',
      '--cluster.listen-address=',
      `--web.listen-address=0.0.0.0:${PORT}`,
    ],
    files: { '/etc/alertmanager/alertmanager.yml': own('backends/alertmanager/alertmanager.yml') },
    up: Wait.forHttp('/-/ready', PORT),
  })
  await start('prometheus', {
    image: 'prometheus',
    ports: [PROMETHEUS_PORT],
    user: '65534:65534',
    command: [
      '--config.file=/etc/faultline/backends/prometheus/prometheus.drill.yaml',
      '--storage.tsdb.path=/prometheus',
    ],
    files: {
      '/etc/faultline/backends/prometheus': own('backends/prometheus'),
      '/etc/faultline/alertmanagers': own('deploy/compose/alertmanagers/alertmanager'),
      '/etc/faultline/slo/rules/drill': rules,
    },
    up: Wait.forHttp('/-/ready', PROMETHEUS_PORT),
  })
})
afterAll(() => started.disposeAsync())

interface Alert {
  labels: { alertname: string }
  status: { state: string }
  receivers: { name: string }[]
}

async function alerts(): Promise<Record<string, string>> {
  const answer = await fetch(`http://${alertmanager.address(PORT)}/api/v2/alerts`)
  const all = (await answer.json()) as Alert[]
  return Object.fromEntries(
    all.map(({ labels, status, receivers }) => [
      labels.alertname,
      `${status.state}: ${receivers.map(({ name }) => name).join()}`,
    ]),
  )
}

test('what fires in Prometheus reaches whom it is for, and no ticket comes with the page for an objective', async () => {
  await expect.poll(alerts, WITHIN).toEqual({
    FastBurn: 'active: page',
    SlowBurn: 'suppressed: ticket',
    TargetDown: 'active: ticket',
  })
})
