import { HEAP, type PlainPprof, WALL } from '../support/pprof.ts'
import type { PlainProfile } from '../support/profiles.ts'
import { pushProfile, sendProfiles, sendSpans } from '../support/send.ts'
import type { PlainSpan } from '../support/traces.ts'
import type { Api } from './cases.ts'
import type { Run, SpanName, TraceName } from './run.ts'

// What all cases ask about: four traces and seven profiles like those of the kit, small enough to know by heart.

/** Base URLs of Tempo's API, its OTLP receiver, and Pyroscope; those of one program can be missing. */
export type Targets = Readonly<Partial<Record<Api, string | undefined>>>

const PAYMENT_PROVIDER = 'payment-provider{otel.scope.name=com.grafana.pyroscope/nodejs,region=eu}'

/**
 * Sends profiles of the fixture's services from outside all windows that are asked about. Pyroscope finds profiles
 * without being told their service only when it has compacted them, which the next ones make it do.
 */
export async function nudgeCompaction({ pyroscope }: Targets, run: Run): Promise<void> {
  if (pyroscope === undefined) return
  const timeMs = run.timeMs - 1_800_000
  const samples = ['gateway', 'catalog'].map((service) => ({
    frames: ['main'],
    value: 1,
    labels: { 'service.name': service },
  }))
  await sendProfiles(
    pyroscope,
    samples.map((sample) => ({ ...cpu, timeMs, samples: [sample] })),
  )
  const pushed = { ...WALL, timeMs, samples: [{ frames: ['main'], values: [1, 1, 1] }] }
  await pushProfile(pyroscope, PAYMENT_PROVIDER, pushed, timeMs)
}

/** Sends the fixture. @throws where it is not taken */
export async function sendFixture({ otlp, pyroscope }: Targets, run: Run): Promise<void> {
  const answers: Response[] = []
  if (otlp !== undefined) answers.push(await sendSpans(otlp, spansOf(run)))
  if (pyroscope !== undefined) {
    answers.push(await sendProfiles(pyroscope, profilesOf(run)))
    for (const [name, profile] of pushedOf(run)) {
      answers.push(await pushProfile(pyroscope, name, profile, run.timeMs + 20_000))
    }
  }
  for (const answer of answers) {
    if (!answer.ok) throw new Error(`${answer.url} answered ${answer.status}: ${await answer.text()}`)
  }
}

const MS = 1_000_000

interface Placed
  extends Omit<PlainSpan, 'traceId' | 'spanId' | 'parentId' | 'startNanos' | 'durationNanos' | 'links'> {
  readonly parent?: SpanName
  /** From the run's time. */
  readonly atMs: number
  readonly durationMs: number
  readonly linksTo?: readonly SpanName[]
}

function spansOf(run: Run): PlainSpan[] {
  return Object.entries(SPANS).map(([name, { parent, atMs, durationMs, linksTo = [], ...span }]) => ({
    ...span,
    traceId: run.id(traceOf(name as SpanName)),
    spanId: run.id(name as SpanName),
    ...(parent !== undefined && { parentId: run.id(parent) }),
    startNanos: BigInt(run.timeMs + atMs) * BigInt(MS),
    durationNanos: durationMs * MS,
    links: linksTo.map((other) => ({
      traceId: run.id(traceOf(other)),
      spanId: run.id(other),
      attributes: { 'link.reason': 'before' },
    })),
  }))
}

function traceOf(span: SpanName): TraceName {
  return span.slice(0, span.indexOf('.')) as TraceName
}

const gateway = { 'service.name': 'gateway', 'service.instance.id': 'gateway-1', 'process.pid': 7 }
const booking = { 'service.name': 'booking', 'service.instance.id': 'booking-1' }
const catalog = { 'service.name': 'catalog', 'service.instance.id': 'catalog-2' }
const http = { name: 'http', version: '1.2.0', attributes: { 'scope.stability': 'stable' } }

const SPANS: Readonly<Record<SpanName, Placed>> = {
  'order.server': {
    name: 'POST /v1/orders',
    kind: 2,
    status: 2,
    statusMessage: 'boom',
    atMs: 0,
    durationMs: 150,
    attributes: {
      'http.route': '/v1/orders',
      'http.response.status_code': 500,
      'sampling.keep': true,
      ratio: 0.5,
      whole: 1,
      list: ['a', 'b'],
      counts: [1, 2],
    },
    resource: gateway,
    scope: http,
  },
  'order.client': {
    name: 'POST',
    kind: 3,
    parent: 'order.server',
    atMs: 10,
    durationMs: 90,
    attributes: { 'peer.service': 'booking', 'http.response.status_code': 201, ratio: 2 },
    resource: gateway,
    scope: http,
  },
  'order.booking': {
    name: 'POST /orders',
    kind: 2,
    status: 1,
    parent: 'order.client',
    atMs: 12,
    durationMs: 80,
    attributes: { 'http.route': '/orders', 'http.response.status_code': 201, 'sampling.keep': false },
    resource: booking,
    scope: http,
    events: [{ name: 'exception', afterNanos: 5 * MS, attributes: { 'exception.message': 'no luck' } }],
    linksTo: ['browse.server'],
  },
  'order.publish': {
    name: 'send orders.confirmed',
    kind: 4,
    parent: 'order.booking',
    atMs: 60,
    durationMs: 5,
    attributes: { 'messaging.system': 'nats', empty: '' },
    resource: booking,
  },
  'order.consume': {
    name: 'process orders.confirmed',
    kind: 5,
    parent: 'order.publish',
    atMs: 100,
    durationMs: 20,
    attributes: { 'messaging.system': 'nats' },
    resource: { 'service.name': 'ticketing' },
  },
  'browse.server': {
    name: 'GET /v1/concerts',
    kind: 2,
    atMs: 2000,
    durationMs: 20,
    attributes: { 'http.route': '/v1/concerts', 'http.response.status_code': 200, 'sampling.keep': true },
    resource: gateway,
    scope: http,
  },
  'browse.select': {
    name: 'SELECT concerts',
    kind: 3,
    parent: 'browse.server',
    atMs: 2005,
    durationMs: 8,
    attributes: { 'db.system.name': 'postgresql', 'db.collection.name': 'concerts' },
    resource: catalog,
  },
  // Its parent has not arrived.
  'orphan.server': {
    name: 'GET /concerts',
    kind: 2,
    parent: 'lonely.span',
    atMs: 4000,
    durationMs: 3,
    attributes: { 'http.route': '/concerts', 'http.response.status_code': 404 },
    resource: catalog,
  },
  // As little as a span can have.
  'lonely.span': { name: 'tick', atMs: 6000, durationMs: 0 },
}

const cpu = { sampleType: ['samples', 'count'], periodType: ['cpu', 'nanoseconds'], period: 1 } as const
const heap = {
  sampleType: ['inuse_space', 'bytes'],
  periodType: ['space', 'bytes'],
  period: 524_288,
} as const

function profilesOf(run: Run): PlainProfile[] {
  const labels = { 'service.name': 'gateway', 'service.instance.id': 'gateway-1' }
  const route = (path: string) => ({ ...labels, http_route: path })
  const catalog = { 'service.name': 'catalog', 'service.instance.id': 'catalog-2' }
  return [
    {
      ...cpu,
      timeMs: run.timeMs,
      samples: [
        {
          frames: ['query', 'handler', 'main'],
          value: 137_000_000,
          labels: route('/v1/orders'),
          spanId: run.id('order.server'),
        },
        {
          frames: ['render', 'handler', 'main'],
          value: 11_000_000,
          labels: route('/v1/concerts'),
          spanId: run.id('browse.server'),
        },
        { frames: ['handler', 'main'], value: 50_000_000, labels },
        { frames: ['gc'], value: 2_000_000, labels },
      ],
    },
    // Twenty seconds later, in another step of a time series.
    {
      ...cpu,
      timeMs: run.timeMs + 20_000,
      samples: [
        { frames: ['query', 'handler', 'main'], value: 30_000_000, labels: route('/v1/orders') },
        { frames: ['handler', 'main'], value: 5_000_000, labels },
      ],
    },
    {
      ...cpu,
      timeMs: run.timeMs,
      samples: [{ frames: ['scan', 'main'], value: 40_000_000, labels: catalog }],
    },
    {
      ...heap,
      timeMs: run.timeMs,
      samples: [
        { frames: ['parse', 'main'], value: 4096, labels },
        { frames: ['main'], value: 1024, labels },
      ],
    },
  ]
}

/** Of one service, by what is said about it: what `@pyroscope/nodejs` pushes, and what else it could. */
function pushedOf(run: Run): [name: string, profile: PlainPprof][] {
  const { timeMs } = run
  const charge = ['./src/charge.js:charge:7', './src/server.js:handler:20', '(anonymous):1']
  const wall: PlainPprof = {
    ...WALL,
    timeMs,
    samples: [
      { frames: charge, values: [9, 90_000_000, 60_000_000], labels: { http_route: '/charges', bytes: 512 } },
      // A label that the push has too, and the span in the way of Pyroscope's own clients.
      { frames: charge, values: [2, 20_000_000, 20_000_000], labels: { region: 'us', retry: 'yes' } },
      {
        frames: charge.slice(1),
        values: [3, 30_000_000, 10_000_000],
        labels: { http_route: '/charges', profile_id: run.id('order.client') },
      },
      { frames: charge.slice(1), values: [1, 10_000_000, 0], labels: { span_id: run.id('order.booking') } },
      // Without wall time, which is how idle times and other threads are told.
      { frames: ['(idle)'], values: [40, 0, 0] },
      { frames: ['(non-JS threads)'], values: [0, 0, 7_000_000] },
      { frames: ['nothing'], values: [0, 0, 0] },
      { frames: ['less'], values: [-1, 5, 5] },
    ],
  }
  const heap: PlainPprof = {
    ...HEAP,
    timeMs,
    samples: [
      { frames: charge, values: [4, 2048] },
      { frames: charge.slice(1), values: [1, 512] },
    ],
  }
  // Dated by the push, with inlined calls.
  const later: PlainPprof = {
    ...WALL,
    samples: [{ frames: [['inlined', 'caller'], 'root'], values: [5, 50_000_000, 0] }],
  }
  return [
    [PAYMENT_PROVIDER, wall],
    [PAYMENT_PROVIDER, heap],
    ['shop/worker.wall{ service_name = payment-provider ,__private=x,empty=,region=us,region=ap}', later],
  ]
}
