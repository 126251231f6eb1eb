import { constants } from 'node:os'
import { z } from 'zod'

/** Body of `POST /components/:name/restart`. */
export const restartBody = z.strictObject({
  env: z.record(z.string(), z.string()).exactOptional(),
  args: z.array(z.string()).exactOptional(),
})

const signalNames = Object.keys(constants.signals) as [NodeJS.Signals, ...NodeJS.Signals[]]

/** Body of `POST /components/:name/signal`. */
export const signalBody = z.strictObject({ signal: z.enum(signalNames) })

/** A refusal (RFC 9457). `exitCode` is the one of the command that asked. */
export const problem = z.object({
  type: z.string(),
  title: z.string(),
  status: z.number(),
  detail: z.string(),
  exitCode: z.union([z.literal(1), z.literal(2), z.literal(3)]),
})
export type Problem = z.infer<typeof problem>
