import Router from '@koa/router'
import type { Logger } from 'pino'
import type { StoreConfig } from './config.ts'
import { createApp, metricsRouter } from './http/apps.ts'
import { writePlainFailure } from './http/errors.ts'
import { type Listener, listen } from './http/listener.ts'
import { StoreMetrics } from './metrics.ts'
import { otlpReceiver, type ReceivedBatch, writeOtlpFailure } from './otlp/receiver.ts'
import { pyroscopeApi } from './profiles/api.ts'
import { writeConnectFailure } from './profiles/connect.ts'
import { applyRetention } from './segments/retention.ts'
import { openProfiles, openTraces, type ProfileStore, type TraceStore } from './store.ts'
import { tempoApi } from './traces/api.ts'

/** How often retention looks at the segments. */
const RETENTION_INTERVAL_MS = 15_000

/** A running store. Stopping refuses new requests, answers those under way and leaves everything synced. */
export interface EmbeddedStore extends AsyncDisposable {
  /** Base addresses; a half that is not served has none. */
  readonly urls: { readonly tempo?: string; readonly otlp?: string; readonly pyroscope?: string }
  readonly metrics: StoreMetrics
  stop(): Promise<void>
}

/**
 * Listens first, so that a second store never touches the files of a running one, then reads the segments and becomes
 * ready.
 *
 * @throws {ListenError} when a port is taken
 */
export async function startEmbeddedStore(config: StoreConfig, logger: Logger): Promise<EmbeddedStore> {
  const metrics = new StoreMetrics()
  const servesTempo = config.serve.includes('tempo')
  const servesPyroscope = config.serve.includes('pyroscope')
  const traces = servesTempo ? await openTraces(config, metrics, logger) : undefined
  const profiles = servesPyroscope ? await openProfiles(config, metrics, logger) : undefined
  let ready = false
  const common = { logger, metrics, isReady: () => ready }
  const listeners: Listener[] = []
  const urls: { tempo?: string; otlp?: string; pyroscope?: string } = {}
  const closeAll = (): Promise<unknown> => Promise.all(listeners.map((listener) => listener.close()))
  try {
    if (traces !== undefined) {
      const query = createApp({ ...common, api: 'tempo', writeFailure: writePlainFailure }, [
        metricsRouter(metrics),
        tempoApi(traces.store.log, traces.index),
      ])
      const receive = createApp({ ...common, api: 'otlp', writeFailure: writeOtlpFailure }, [
        receiverRouter('/v1/traces', config, (batch) => traces.store.ingest(batch)),
      ])
      const tempo = await listen(query, "Tempo's API", config.host, config.tempoPort)
      listeners.push(tempo)
      const otlp = await listen(receive, 'the OTLP receiver', config.host, config.otlpPort)
      listeners.push(otlp)
      Object.assign(urls, { tempo: tempo.url, otlp: otlp.url })
    }
    if (profiles !== undefined) {
      const app = createApp({ ...common, api: 'pyroscope', writeFailure: writeConnectFailure }, [
        metricsRouter(metrics),
        receiverRouter('/v1development/profiles', config, (batch) => profiles.store.ingest(batch)),
        pyroscopeApi(profiles.index),
      ])
      const pyroscope = await listen(app, "Pyroscope's API", config.host, config.pyroscopePort)
      listeners.push(pyroscope)
      urls.pyroscope = pyroscope.url
    }
    await Promise.all([traces?.store.replay(), profiles?.store.replay()])
  } catch (error) {
    await closeAll()
    throw error
  }
  ready = true
  const retention = keepRetention(config, traces, profiles, logger)
  let stopping: Promise<void> | undefined
  const stop = async (): Promise<void> => {
    retention.stop()
    await closeAll()
    await Promise.all([traces?.store.log.close(), profiles?.store.log.close()])
  }
  const stopOnce = (): Promise<void> => {
    stopping ??= stop()
    return stopping
  }
  return { urls, metrics, stop: stopOnce, [Symbol.asyncDispose]: stopOnce }
}

function receiverRouter(
  path: string,
  config: StoreConfig,
  store: (batch: ReceivedBatch) => Promise<void>,
): Router {
  const router = new Router()
  const { maxBodyBytes, maxPendingBytes } = config
  router.post(path, otlpReceiver({ maxBodyBytes, maxPendingBytes, store }))
  return router
}

function keepRetention(
  config: StoreConfig,
  traces: TraceStore | undefined,
  profiles: ProfileStore | undefined,
  logger: Logger,
): { stop(): void } {
  const stores = [traces?.store, profiles?.store].filter((store) => store !== undefined)
  const logs = stores.map((store) => store.log)
  const limits = { maxAgeMs: config.retentionMs, maxBytes: config.retentionBytes }
  const run = async (): Promise<void> => {
    try {
      for (const { log, segment, bytes, reason } of await applyRetention(logs, limits, Date.now())) {
        stores.find((store) => store.log === log)?.dropped(segment, reason)
        logger.info({ segment, bytes, reason }, 'segment dropped by retention')
      }
    } catch (error) {
      logger.error({ err: error }, 'retention failed, it will be tried again')
    }
  }
  void run()
  const timer = setInterval(() => void run(), RETENTION_INTERVAL_MS)
  timer.unref()
  return { stop: () => clearInterval(timer) }
}
