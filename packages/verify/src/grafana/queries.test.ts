import { BackendRefused } from '@faultline/backends-client'
import { describe, expect, it } from 'vitest'
import { aTarget, unreachable } from '../testing/factories.ts'
import { type Compared, judgeQueries } from './queries.ts'

const prometheus = { uid: 'prometheus', type: 'prometheus' }
const rows = ['{service_name="booking"} 1', '{service_name="gateway"} 2']
const judge = (...compared: Partial<Compared>[]) =>
  judgeQueries(prometheus, {
    value: compared.map((one) => ({
      target: aTarget(),
      query: 'up',
      backend: rows,
      grafana: rows,
      ...one,
    })),
  })

describe('judgeQueries', () => {
  it('passes where all rows are the same, and says how many', () => {
    expect(judge({}, { target: aTarget({ panelTitle: 'Errors', dashboardUid: 'service' }) })).toMatchObject({
      id: 'grafana/queries/prometheus',
      hop: 'grafana',
      status: 'pass',
      seen: 'the same rows: “Requests” of overview 2, “Errors” of service 2',
    })
  })

  it.each([
    ['a row less', rows.slice(1)],
    ['another value', [rows[0] ?? '', '{service_name="gateway"} 3']],
    ['nothing', []],
  ])('fails where Grafana says %s, and shows the difference', (_, grafana) => {
    expect(judge({}, { query: 'sum(up)', grafana })).toMatchObject({
      status: 'fail',
      query: 'sum(up)',
      seen: expect.stringMatching(/“Requests” of overview: \d rows by Grafana, 2 by prometheus, only by/),
      likelyCause: expect.stringMatching(/another prometheus/),
      nextStep: expect.stringMatching(/PROMETHEUS_URL/),
    })
  })

  it('compares only how many where the backend stops looking at so many', () => {
    expect(judge({ grafana: ['a', 'b'], anyOf: 2 }).status).toBe('pass')
    expect(judge({ grafana: ['a'], anyOf: 2 }).status).toBe('fail')
    expect(judge({ grafana: ['a', 'b'], anyOf: 3 }).status).toBe('fail')
  })

  it('says why Grafana gives nothing, as a consequence of its data source’s health', () => {
    const error = 'Post "http://prometheus:9090/api/v1/query": dial tcp: lookup prometheus: no such host'
    expect(judge({}, { grafana: [], error })).toMatchObject({
      status: 'fail',
      seen: `“Requests” of overview: ${error}`,
      likelyCause: expect.stringMatching(/does not reach prometheus/),
      explainedBy: expect.arrayContaining(['grafana/datasource/prometheus', 'reach/prometheus']),
    })
  })

  it('does not take two empty answers for the same', () => {
    expect(judge()).toMatchObject({
      status: 'fail',
      seen: 'no query of a panel has data from prometheus',
      explainedBy: expect.arrayContaining(['signal/*/metrics']),
    })
  })

  it('names the cause where Grafana refuses, and the backend where that is what fails', () => {
    const call = {
      backend: 'grafana',
      target: 'POST http://127.0.0.1:3000/api/ds/query',
      query: 'q',
    } as const
    // https://github.com/grafana/grafana/issues/132528
    const body = '{"message":"Plugin not registered","messageId":"plugin.notRegistered","statusCode":404}'
    const error = new BackendRefused(call, 404, body)
    expect(judgeQueries(prometheus, { error })).toMatchObject({
      status: 'fail',
      query: 'q',
      likelyCause: expect.stringMatching(/grafana#132528/),
      explainedBy: expect.arrayContaining(['grafana/datasource/prometheus']),
    })
    expect(judgeQueries(prometheus, unreachable('prometheus'))).toMatchObject({
      status: 'fail',
      likelyCause: 'prometheus does not run',
    })
  })
})
