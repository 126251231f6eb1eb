import type Router from '@koa/router'
import type { Logger } from 'pino'
import type { StoreConfig } from './config.ts'
import {
  answerErrors,
  createApp,
  type Listener,
  listen,
  metricsRouter,
  postRouter,
  type RefusalWriter,
  writePlainRefusal,
} from './http.ts'
import { StoreMetrics } from './metrics.ts'
import { otlpReceiver, writeOtlpRefusal } from './otlp.ts'
import { pyroscopeApi } from './profiles/api.ts'
import { pushReceiver } from './profiles/push.ts'
import { writeConnectRefusal } from './profiles/requests.ts'
import { RetentionKeeper } from './storage/retention.ts'
import { openProfiles, openTraces } from './stores.ts'
import { tempoApi } from './traces/api.ts'

type Api = 'tempo' | 'otlp' | 'pyroscope'

/** A running store. */
export interface EmbeddedStore {
  /** Base addresses; a half that is not served has none. */
  readonly urls: Readonly<Partial<Record<Api, string>>>
  /** Refuses new requests, answers those under way and leaves everything synced. */
  stop(): Promise<void>
}

/**
 * Listens first, so that a second store never touches the files of a running one, then reads the segments and becomes
 * ready.
 *
 * @throws naming the port when one is taken
 */
export async function startEmbeddedStore(config: StoreConfig, logger: Logger): Promise<EmbeddedStore> {
  const metrics = new StoreMetrics()
  const limits = { maxAgeMs: config.retentionMs, maxBytes: config.retentionBytes }
  const retention = new RetentionKeeper(limits, logger)
  const options = { config, metrics, logger, onNewSegment: () => retention.check() }
  const traces = config.serve.includes('tempo') ? await openTraces(options) : undefined
  const profiles = config.serve.includes('pyroscope') ? await openProfiles(options) : undefined

  await using starting = new AsyncDisposableStack()
  starting.defer(async () => {
    await Promise.all([traces?.store.log.close(), profiles?.store.log.close()])
  })
  starting.defer(() => retention.stop())
  const listeners: Partial<Record<Api, Listener>> = {}
  starting.defer(async () => {
    await Promise.all(Object.values(listeners).map((listener) => listener.close()))
  })

  let ready = false
  const serve = async (api: Api, what: string, writeRefusal: RefusalWriter, routers: Router[]) => {
    const app = createApp({ api, logger, metrics, writeRefusal, isReady: () => ready }, routers)
    listeners[api] = await listen(app, what, config.host, config[`${api}Port`])
  }
  if (traces !== undefined) {
    await serve('tempo', "Tempo's API", writePlainRefusal, [
      metricsRouter(metrics),
      tempoApi(traces.store.log, traces.index),
    ])
    await serve('otlp', 'the OTLP receiver', writeOtlpRefusal, [
      postRouter('/v1/traces', otlpReceiver(config, traces.receive)),
    ])
  }
  if (profiles !== undefined) {
    await serve('pyroscope', "Pyroscope's API", writeConnectRefusal, [
      metricsRouter(metrics),
      postRouter(
        '/v1development/profiles',
        // Unlike the queries this is not a Connect call.
        answerErrors(logger, writePlainRefusal),
        otlpReceiver(config, profiles.receive),
      ),
      postRouter('/ingest', pushReceiver(config, profiles.receivePushed)),
      pyroscopeApi(profiles.index),
    ])
  }
  await Promise.all([traces?.store.replay(), profiles?.store.replay()])
  retention.start([traces?.store, profiles?.store].filter((store) => store !== undefined))
  ready = true

  const running = starting.move()
  const urls = Object.fromEntries(Object.entries(listeners).map(([name, { url }]) => [name, url]))
  return { urls, stop: () => running.disposeAsync() }
}
