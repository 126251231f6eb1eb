import type Koa from 'koa'
import { listen } from '../lifecycle/listen.ts'

/** An application that listens on a free port, for a test. */
export interface ServedApp extends AsyncDisposable {
  readonly url: string
}

export async function serve(app: Pick<Koa, 'callback'>): Promise<ServedApp> {
  const listener = await listen(app.callback(), { host: '127.0.0.1', port: 0, variable: 'PORT' })
  return {
    url: `http://127.0.0.1:${listener.port}`,
    async [Symbol.asyncDispose]() {
      await listener.drain(0)
    },
  }
}
