import { FastifyOtelInstrumentation } from '@fastify/otel'
import { trace } from '@opentelemetry/api'
import Fastify from 'fastify'

const otel = new FastifyOtelInstrumentation()
otel.setTracerProvider(trace.getTracerProvider())
const app = Fastify()
await app.register(otel.plugin())
app.get('/v1/seats/:id', async ({ params }) => params)
app.get('/broken', async () => {
  throw new RangeError('no such seat')
})
process.send({ fastify: await app.listen({ port: 0, host: '127.0.0.1' }) })
