import Router from '@koa/router'
import type { Middleware } from 'koa'
import type { Logger } from 'pino'
import type { StoreConfig } from './config.ts'
import { type AppOptions, createApp, metricsRouter } from './http/apps.ts'
import { answerErrors, RequestError, writePlainFailure } from './http/errors.ts'
import { type Listener, listen } from './http/listener.ts'
import { StoreMetrics } from './metrics.ts'
import { otlpReceiver, writeOtlpFailure } from './otlp/receiver.ts'
import { pyroscopeApi } from './profiles/api.ts'
import { writeConnectFailure } from './profiles/connect.ts'
import { ingestReceiver } from './profiles/ingest/receiver.ts'
import { RetentionKeeper } from './retention-keeper.ts'
import { openProfiles, openTraces, type ProfileStore, type TraceStore } from './store.ts'
import { tempoApi } from './traces/api.ts'

/** A running store. Stopping refuses new requests, answers those under way and leaves everything synced. */
export interface EmbeddedStore extends AsyncDisposable {
  /** Base addresses; a half that is not served has none. */
  readonly urls: Readonly<Partial<Record<'tempo' | 'otlp' | 'pyroscope', string>>>
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
  const retention = new RetentionKeeper(
    { maxAgeMs: config.retentionMs, maxBytes: config.retentionBytes },
    logger,
  )
  const options = { config, metrics, logger, onNewSegment: () => retention.check() }
  const traces = config.serve.includes('tempo') ? await openTraces(options) : undefined
  const profiles = config.serve.includes('pyroscope') ? await openProfiles(options) : undefined
  let ready = false
  const common = { logger, metrics, isReady: () => ready }
  const listeners: Record<string, Listener> = {}
  const close = async (): Promise<void> => {
    await Promise.all(Object.values(listeners).map((listener) => listener.close()))
    await retention.stop()
    await Promise.all([traces?.store.log.close(), profiles?.store.log.close()])
  }
  try {
    if (traces !== undefined) Object.assign(listeners, await serveTraces(config, common, traces))
    if (profiles !== undefined) Object.assign(listeners, await serveProfiles(config, common, profiles))
    await Promise.all([traces?.store.replay(), profiles?.store.replay()])
  } catch (error) {
    await close()
    throw error
  }
  retention.start([traces?.store, profiles?.store].filter((store) => store !== undefined))
  ready = true
  let stopping: Promise<void> | undefined
  const stop = (): Promise<void> => {
    stopping ??= close()
    return stopping
  }
  const urls = Object.fromEntries(Object.entries(listeners).map(([name, { url }]) => [name, url]))
  return { urls, metrics, stop, [Symbol.asyncDispose]: stop }
}

type CommonOptions = Pick<AppOptions, 'logger' | 'metrics' | 'isReady'>

async function serveTraces(config: StoreConfig, common: CommonOptions, traces: TraceStore) {
  const query = createApp({ ...common, api: 'tempo', writeFailure: writePlainFailure }, [
    metricsRouter(common.metrics),
    tempoApi(traces.store.log, traces.index),
  ])
  const receive = createApp({ ...common, api: 'otlp', writeFailure: writeOtlpFailure }, [
    postRouter('/v1/traces', otlpReceiver({ ...limits(config), store: traces.receive })),
  ])
  const tempo = await listen(query, "Tempo's API", config.host, config.tempoPort)
  try {
    return { tempo, otlp: await listen(receive, 'the OTLP receiver', config.host, config.otlpPort) }
  } catch (error) {
    await tempo.close()
    throw error
  }
}

async function serveProfiles(config: StoreConfig, common: CommonOptions, profiles: ProfileStore) {
  const app = createApp({ ...common, api: 'pyroscope', writeFailure: writeConnectFailure }, [
    metricsRouter(common.metrics),
    postRouter(
      '/v1development/profiles',
      // Unlike its queries no call of Connect's.
      answerErrors(common.logger, writePlainFailure),
      otlpReceiver({ ...limits(config), store: profiles.receive }),
    ),
    postRouter('/ingest', ingestReceiver({ ...limits(config), store: profiles.receivePushed })),
    pyroscopeApi(profiles.index),
  ])
  return { pyroscope: await listen(app, "Pyroscope's API", config.host, config.pyroscopePort) }
}

function limits({ maxBodyBytes, maxPendingBytes }: StoreConfig) {
  return { maxBodyBytes, maxPendingBytes }
}

function postRouter(path: string, ...middleware: Middleware[]): Router {
  const router = new Router()
  router.post(path, ...middleware)
  router.all(path, ({ method }) => {
    throw new RequestError(405, `${method} is not allowed, POST is`)
  })
  return router
}
