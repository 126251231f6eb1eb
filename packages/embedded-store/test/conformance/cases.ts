import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { z } from 'zod'

/** What a backend is asked. */
const requestSchema = z.strictObject({
  path: z.string(),
  query: z.record(z.string(), z.string()).optional(),
  accept: z.string().optional(),
  body: z.unknown().optional(),
  /** A body as it is, in the place of `body`; `base64` where it is no text. */
  text: z.string().optional(),
  base64: z.string().optional(),
  /** Headers beside `Accept` and the type of JSON. */
  headers: z.record(z.string(), z.string()).optional(),
})

/** What the real one answered, with words in the place of ids and times, see {@link Run}. */
const answerSchema = z.strictObject({
  status: z.number(),
  type: z.string().optional(),
  body: z.unknown().optional(),
  /** Text for people, such as why it refuses: told to the reader, and no part of what must be met. */
  said: z.string().optional(),
})

const caseSchema = z.strictObject({
  name: z.string(),
  request: requestSchema,
  /** Missing until it is recorded. */
  answer: answerSchema.optional(),
})

const fileSchema = z.strictObject({
  /** What answered, with its version. */
  recordedFrom: z.string(),
  cases: z.array(caseSchema),
})

export type CaseRequest = z.infer<typeof requestSchema>
export type CaseAnswer = z.infer<typeof answerSchema>
export type CaseFile = z.infer<typeof fileSchema>
export const API_NAMES = ['tempo', 'otlp', 'pyroscope'] as const
export type Api = (typeof API_NAMES)[number]

const folderOf = (api: Api): URL => new URL(`./cases/${api}/`, import.meta.url)

/** Files of cases, one a topic, by their names without ending. */
export function readCaseFiles(api: Api): ReadonlyMap<string, CaseFile> {
  const names = readdirSync(folderOf(api)).sort()
  return new Map(
    names.map((name) => [
      name.replace(/\.json$/, ''),
      fileSchema.parse(JSON.parse(readFileSync(new URL(name, folderOf(api)), 'utf8'))),
    ]),
  )
}

export function writeCaseFile(api: Api, name: string, file: CaseFile): void {
  writeFileSync(new URL(`${name}.json`, folderOf(api)), `${JSON.stringify(file, null, 2)}\n`)
}
