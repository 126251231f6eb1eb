import { z } from 'zod'

/** Text that somebody types. Control characters are refused: no title has one, and PostgreSQL stores no NUL. */
export function textSchema(maxLength: number) {
  return z
    .string()
    .trim()
    .min(1)
    .max(maxLength)
    .regex(/^\P{Cc}*$/u, 'must not hold control characters')
}

/** A point in time as answers spell it, RFC 3339 in UTC. */
export const timestampSchema = z.iso.datetime({ offset: true })

/** A point in time as input: RFC 3339, in the years for which every part of the system has the same calendar. */
export const instantSchema = timestampSchema.refine((value) => {
  const year = new Date(value).getUTCFullYear()
  return year >= 1970 && year < 3000
}, 'must be a time between 1970 and 3000')
