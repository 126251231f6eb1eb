import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import {
  type PublicService,
  publicServices,
  USER_TOKEN_AUDIENCE,
  USER_TOKEN_ISSUER,
} from '@faultline/contracts'
import {
  createKeyVault,
  createRevocationList,
  createTokenVerifier,
  type HttpClientOptions,
} from '@faultline/service-kit'
import { type ServedApp, serve, type TestTelemetry, testTelemetry } from '@faultline/test-support/telemetry'
import { createLocalJWKSet } from 'jose'
import type Koa from 'koa'
import { type AppDependencies, createApp } from '../../src/app.ts'
import { type Sessions, signAccessToken, WrongCredentialsError } from '../../src/domain/sessions.ts'
import { connectUpstreams } from '../../src/routes/pass-through.ts'

/** A gateway inside the test's process. */
export interface TestGateway extends ServedApp {
  readonly app: Koa
  readonly telemetry: TestTelemetry
  /** A token of a user with the given scopes. */
  tokenFor(userId: string, ...scopes: string[]): Promise<string>
}

/** The same origins stand for every service behind the gateway. */
export async function startGateway(
  origins: readonly string[],
  options: {
    services?: readonly PublicService[]
    app?: Partial<AppDependencies>
    client?: Partial<HttpClientOptions>
  } = {},
): Promise<TestGateway> {
  const telemetry = testTelemetry()
  const { services = publicServices } = options
  const upstreams = connectUpstreams(
    services.map((service) => ({ service, origins })),
    { register: telemetry.register, ...options.client },
  )
  const identity = await signingIdentity(telemetry)
  const app = createApp({
    telemetry,
    upstreams,
    identity,
    shedding: { isOn: () => true },
    ...options.app,
  })
  const server = await serve(app)
  return {
    url: server.url,
    app,
    telemetry,
    tokenFor: identity.tokenFor,
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]()
      await Promise.all(upstreams.map(({ client }) => client.close()))
    },
  }
}

/** Signs and checks tokens without a database; the one password is `right-password`. */
async function signingIdentity(telemetry: TestTelemetry) {
  const vault = createKeyVault('a secret of the test, long enough for it', 'gateway')
  const sealed = await vault.generate()
  const keySet = { keys: [sealed.publicJwk] }
  const keys = {
    keySet: () => keySet,
    signer: async () => ({ kid: sealed.kid, key: await vault.open(sealed) }),
  }
  const inAnHour = () => new Date(Date.now() + 3_600_000)
  const tokenFor = async (userId: string, ...scopes: string[]) => {
    const subject = { userId, sessionId: randomUUID(), scope: scopes.join(' ') }
    return (await signAccessToken(keys, subject, new Date(), inAnHour())).token
  }
  const sessions: Sessions = {
    async signIn({ username, password }) {
      if (password !== 'right-password') throw new WrongCredentialsError('wrong')
      return {
        sessionId: randomUUID(),
        userId: randomUUID(),
        tokenType: 'Bearer',
        accessToken: await tokenFor(username, 'orders:read'),
        expiresIn: 300,
        refreshToken: 'refresh-token-of-the-test',
        refreshExpiresAt: inAnHour().toISOString(),
        scope: 'orders:read',
      }
    },
    refresh: () => Promise.reject(new Error('not in this test')),
    signOut: () => Promise.reject(new Error('not in this test')),
  }
  const verifier = createTokenVerifier({
    issuers: [{ issuer: USER_TOKEN_ISSUER, keys: createLocalJWKSet(keySet) }],
    audience: USER_TOKEN_AUDIENCE,
    revocations: createRevocationList(),
    ...telemetry,
  })
  return { sessions, keys, verifier, tokenFor }
}

/** Stands in for a catalog that does what a real one does only when it is broken. */
export interface FakeCatalog extends AsyncDisposable {
  readonly url: string
  readonly requests: IncomingMessage[]
}

export async function startFakeCatalog(
  answer: (req: IncomingMessage, res: ServerResponse) => void,
): Promise<FakeCatalog> {
  const requests: IncomingMessage[] = []
  const server = createServer((req, res) => {
    requests.push(req)
    answer(req, res)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    async [Symbol.asyncDispose]() {
      server.close()
      server.closeAllConnections()
    },
  }
}

/** An empty page: what every list may answer. */
export const EMPTY_PAGE = JSON.stringify({ items: [], nextCursor: null })
