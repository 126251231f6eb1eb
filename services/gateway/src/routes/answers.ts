/** What services answer: checked against the contract, then passed on as it came, as writing it again only costs. */
import { type Problem, PUBLIC_PREFIX, type PublicOperation, problemSchema } from '@faultline/contracts'
import { DependencyError, type HttpAnswer, ProblemError } from '@faultline/service-kit'
import { z } from 'zod'

interface PassedAnswer {
  status: number
  headers: Record<string, string>
  body: string | Buffer | null
}

export interface AnswerReader {
  /** How the client has to read the answer's bytes. */
  encoding: 'utf8' | 'latin1'
  /**
   * @throws ProblemError for what the service refuses
   * @throws DependencyError when the answer is not what the contract says
   */
  read(answer: HttpAnswer): PassedAnswer
}

/** What a service says in headers that its callers must hear, with a problem and otherwise. */
const PASSED_WITH_PROBLEMS = ['retry-after', 'www-authenticate'] as const
const PASSED = [...PASSED_WITH_PROBLEMS, 'cache-control', 'content-disposition', 'etag', 'location'] as const

/** @param dependency name of the service that answers */
export function answerReader(dependency: string, { responses }: PublicOperation): AnswerReader {
  const types = Object.values(responses).flatMap(({ content = {} }) => Object.keys(content))
  // Where an answer may be no text, every byte of it is kept.
  const encoding = types.every((type) => type.endsWith('json')) ? 'utf8' : 'latin1'
  const invalid = (cause: unknown) => new DependencyError(dependency, 'invalid_answer', cause)

  function parse<Output>(schema: z.ZodType<Output>, text: string): Output {
    try {
      return schema.parse(JSON.parse(text))
    } catch (error) {
      throw invalid(error)
    }
  }

  return {
    encoding,
    read(answer) {
      const { status, body } = answer
      const text = encoding === 'utf8' ? body : Buffer.from(body, encoding).toString()
      if (status >= 400) throw refusal(parse(problemSchema, text), answer)
      const expected = responses[status]
      if (!expected) throw invalid(new Error(`answered ${status}`))
      const headers = headersOf(answer, PASSED)
      if (!expected.content) return { status, headers, body: null }
      const json = expected.content['application/json']
      if (json) {
        if (json.schema instanceof z.ZodType) parse(json.schema, text)
        return { status, headers: { ...headers, 'content-type': 'application/json' }, body: text }
      }
      const type = answer.headers['content-type'] ?? ''
      const [mediaType = ''] = type.split(';')
      if (!Object.hasOwn(expected.content, mediaType)) throw invalid(new Error(`answered '${type}'`))
      return { status, headers: { ...headers, 'content-type': type }, body: Buffer.from(body, encoding) }
    },
  }
}

/** The service's problem in the gateway's name: instance and request id are those of the public request. */
function refusal({ type, status, title, detail, errors }: Problem, answer: HttpAnswer): ProblemError {
  return new ProblemError({
    type: type.slice(type.lastIndexOf(':') + 1),
    status,
    title,
    detail,
    headers: headersOf(answer, PASSED_WITH_PROBLEMS),
    ...(errors && { errors }),
  })
}

/** @param names of those that are passed on, as far as the service sent them */
function headersOf({ headers }: HttpAnswer, names: readonly (typeof PASSED)[number][]) {
  const passed: Record<string, string> = {}
  for (const name of names) {
    const value = headers[name]
    if (value !== undefined) passed[name] = value
  }
  // The service does not know the prefix; an address with a host would be one of the inside.
  if (passed.location?.startsWith('/')) passed.location = PUBLIC_PREFIX + passed.location
  else delete passed.location
  return passed
}
