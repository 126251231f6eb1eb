import { z } from 'zod'

/** What one wrong part of the input is, and where. */
export const problemErrorSchema = z.object({
  location: z.enum(['path', 'query', 'header', 'body']),
  pointer: z
    .string()
    .meta({ description: 'JSON pointer (RFC 6901) to the value inside its location', example: '/limit' }),
  detail: z.string(),
})

/**
 * Problem details as every error answer carries them.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9457
 */
export const problemSchema = z
  .object({
    type: z.string().meta({
      description: 'URI of the kind of problem',
      example: 'urn:faultline:problem:validation-failed',
    }),
    title: z.string(),
    status: z.int().min(400).max(599),
    detail: z.string(),
    instance: z.string().meta({ description: 'Path of the request that went wrong' }),
    requestId: z.string(),
    errors: z.array(problemErrorSchema).optional(),
    dependency: z
      .string()
      .optional()
      .meta({ description: 'The dependency that failed, by its configured name' }),
    cause: z
      .string()
      .optional()
      .meta({ description: 'Class of the failure of the dependency', example: 'timeout' }),
  })
  .meta({ id: 'Problem', description: 'Problem details, RFC 9457' })
export type Problem = z.infer<typeof problemSchema>
