import { MalformedError } from '../otlp/batch.ts'

/** Row of one of the tables of a profiles dictionary. @throws {MalformedError} when it is not there */
export function at<T>(table: readonly T[], index: number, what: string): T {
  const row = table[index]
  if (row === undefined)
    throw new MalformedError(`profile refers to ${what} ${index}, which is out of bounds`)
  return row
}
