import { constants } from 'node:os'
import { z } from 'zod'

/** What the CLI hands to a supervisor that it starts, as JSON in its only argument. */
export const launchConfigSchema = z.strictObject({
  stateDir: z.string(),
  portOffset: z.number().int().nonnegative().default(0),
  sloProfile: z.enum(['drill', 'production']).default('drill'),
  collectorConfigs: z.array(z.string()).default([]),
  /** Overlays merged over the kit's compose files, in this order; absolute paths. */
  composeFiles: z.array(z.string()).default([]),
  /** When the command was given, ISO 8601: milestones count from here. */
  startedAt: z.string().default(() => new Date().toISOString()),
  /** Stop everything when the process that started the supervisor goes away. */
  attached: z.boolean().default(false),
})
export type LaunchConfig = z.infer<typeof launchConfigSchema>

/** What a supervisor tells the process that started it, until it serves its control API. */
export const launchMessageSchema = z.discriminatedUnion('type', [
  /** Something people should know, such as leftovers that were cleaned up. */
  z.object({ type: z.literal('notice'), text: z.string() }),
  /** The control API answers. */
  z.object({ type: z.literal('listening') }),
  /** Another supervisor runs in this state folder; this one has ended. */
  z.object({ type: z.literal('already-running'), pid: z.number() }),
  /** It cannot start; the exit code is the command's. */
  z.object({
    type: z.literal('refused'),
    message: z.string(),
    exitCode: z.union([z.literal(1), z.literal(2), z.literal(3)]),
  }),
])
export type LaunchMessage = z.infer<typeof launchMessageSchema>

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
