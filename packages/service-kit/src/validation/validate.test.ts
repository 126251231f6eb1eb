import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { ProblemError } from '../problems/problem.ts'
import { validate } from './validate.ts'

const schema = z.strictObject({ ids: z.array(z.int()).max(2), 'a/b': z.string().optional() })

function problemOf(run: () => unknown): ProblemError {
  try {
    run()
  } catch (error) {
    if (error instanceof ProblemError) return error
  }
  throw new Error('no problem was thrown')
}

describe('validate', () => {
  it('gives back what the schema makes of the value', () => {
    expect(validate(z.coerce.number(), '5', 'query')).toBe(5)
  })

  it('names every wrong part and where it is', () => {
    const problem = problemOf(() => validate(schema, { ids: [1, 'x'], 'a/b': 1, more: true }, 'body'))
    expect(problem.status).toBe(400)
    expect(problem.errors?.map(({ location, pointer }) => [location, pointer])).toEqual([
      ['body', '/ids/1'],
      ['body', '/a~1b'],
      ['body', '/more'],
    ])
    expect(problem.message).toContain('(and 2 more)')
  })

  it('points at the one value that is checked by itself', () => {
    const problem = problemOf(() => validate(z.uuid(), 'x', 'path', 'concertId'))
    expect(problem.errors).toEqual([{ location: 'path', pointer: '/concertId', detail: 'Invalid UUID' }])
  })
})
