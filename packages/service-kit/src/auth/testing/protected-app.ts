import { type ServedApp, serve, type TestTelemetry, testTelemetry } from '@faultline/test-support/telemetry'
import Koa from 'koa'
import { problems } from '../../app/problems.ts'
import { authenticated } from '../authenticated.ts'
import { type AuthenticatedState, createTokenVerifier, type TokenVerifierOptions } from '../token-verifier.ts'
import { AUDIENCE } from './keys.ts'

/** An application whose only route wants a token with the scope `orders:write`. */
export interface ProtectedApp extends ServedApp {
  readonly telemetry: TestTelemetry
  /** Who came through. */
  readonly reached: readonly AuthenticatedState[]
  ask(authorization: string | undefined): Promise<Asked>
}

export interface Asked {
  readonly status: number
  readonly challenge: string | null
  readonly type: string | undefined
  readonly text: string
}

export async function serveProtected(
  options: Pick<TokenVerifierOptions, 'issuers'> & Partial<TokenVerifierOptions>,
): Promise<ProtectedApp> {
  const telemetry = testTelemetry()
  const reached: AuthenticatedState[] = []
  const verifier = createTokenVerifier({ audience: AUDIENCE, ...telemetry, ...options })
  const app = new Koa()
  app.use(problems(telemetry))
  app.use(authenticated(verifier, 'orders:write'))
  app.use((ctx) => {
    reached.push({ principal: ctx.state.principal, token: ctx.state.token })
    ctx.status = 204
  })
  const server = await serve(app)
  return {
    url: server.url,
    telemetry,
    reached,
    async ask(authorization) {
      const answer = await fetch(server.url, {
        headers: authorization === undefined ? {} : { authorization },
      })
      const text = await answer.text()
      return {
        status: answer.status,
        challenge: answer.headers.get('www-authenticate'),
        type: text === '' ? undefined : (JSON.parse(text) as { type: string }).type,
        text,
      }
    },
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  }
}
