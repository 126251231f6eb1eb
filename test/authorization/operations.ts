import { z } from 'zod'

const METHODS = ['get', 'post', 'put', 'patch', 'delete'] as const

const operationSchema = z.looseObject({
  security: z.array(z.record(z.string(), z.array(z.string()))),
  requestBody: z
    .looseObject({
      content: z.record(z.string(), z.looseObject({ schema: z.looseObject({ $ref: z.string() }) })),
    })
    .optional(),
})
const documentSchema = z.looseObject({
  paths: z.record(z.string(), z.partialRecord(z.enum(METHODS), operationSchema)),
})

/** An operation as its service's OpenAPI document describes it. */
export interface Operation {
  /** `GET /v1/orders/{orderId}` */
  readonly name: string
  readonly method: string
  readonly route: string
  /** Scopes that a token needs; undefined where everybody is let in. */
  readonly scopes: readonly string[] | undefined
  /** Media type and name of the schema of the body. */
  readonly body: { readonly type: string; readonly schema: string } | undefined
}

/** @throws ZodError for an operation that does not say who may use it */
export function operationsOf(openApi: unknown): Operation[] {
  return Object.entries(documentSchema.parse(openApi).paths).flatMap(([route, methods]) =>
    Object.entries(methods).map(([method, { security, requestBody }]): Operation => {
      const [type, content] = Object.entries(requestBody?.content ?? {})[0] ?? []
      const [requirement] = security
      return {
        name: `${method.toUpperCase()} ${route}`,
        method: method.toUpperCase(),
        route,
        scopes: requirement && Object.values(requirement).flat(),
        body:
          type === undefined || content === undefined
            ? undefined
            : { type, schema: content.schema.$ref.split('/').at(-1) ?? '' },
      }
    }),
  )
}

/** Methods that a documented route does not have. */
export function undocumented(operations: readonly Operation[]): { method: string; route: string }[] {
  const byRoute = Map.groupBy(operations, ({ route }) => route)
  return [...byRoute].flatMap(([route, known]) =>
    METHODS.map((method) => method.toUpperCase())
      .filter((method) => !known.some((operation) => operation.method === method))
      .map((method) => ({ method, route })),
  )
}
