// Express with knex and pg, without a word of telemetry.
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import express from 'express'
import createKnex from 'knex'
import pg from 'pg'

const connection = process.env.TEST_POSTGRES_URL ?? ''
const knex = createKnex({ client: 'pg', connection, pool: { min: 0, max: 2 } })
const pool = new pg.Pool({ connectionString: connection, max: 2 })
await pool.query('CREATE TABLE IF NOT EXISTS seats (id integer PRIMARY KEY, label text)')

const app = express()
app.use((_request, _response, next) => next())
const router = express.Router()
router.get('/seats/:id', async (request, response) => {
  response.json((await knex('seats').where({ id: Number(request.params.id) })).length)
})
router.post('/seats/:id', async (request, response) => {
  await pool.query('INSERT INTO seats (id) VALUES ($1) ON CONFLICT DO NOTHING', [Number(request.params.id)])
  response.sendStatus(201)
})
router.get('/broken', async () => {
  await pool.query('SELECT * FROM nowhere')
})
app.use('/v1', router)
// Express logs errors of handlers otherwise.
app.set('env', 'test')

const server = app.listen(0, '127.0.0.1')
await once(server, 'listening')
process.send?.({ express: `http://127.0.0.1:${(server.address() as AddressInfo).port}` })
