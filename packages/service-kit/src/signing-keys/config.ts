import { z } from 'zod'
import { integer } from '../config/variables.ts'

/** What signing keys are encrypted with unless the environment says better; public, so good for nothing but demos. */
export const DEVELOPMENT_KEYS_SECRET = 'faultline-development-signing-keys'

/** How a service keeps the keys that it signs tokens with. */
export const signingKeyVariables = {
  SIGNING_KEYS_SECRET: z
    .string()
    .min(32, 'is shorter than 32 characters')
    .default(DEVELOPMENT_KEYS_SECRET)
    .meta({
      description: 'a random secret that private signing keys are encrypted with',
      example: '(32 bytes, base64)',
    }),
  SIGNING_KEY_LEAD_SECONDS: integer('how long a signing key is published before it signs, in seconds', {
    minimum: 1,
    maximum: 86_400,
    // Twice as long as verifiers keep a key set.
    default: 600,
  }),
  SIGNING_KEY_MAX_AGE_SECONDS: integer('how long a signing key signs, in seconds', {
    minimum: 1,
    maximum: 31_536_000,
    default: 86_400,
  }),
}

export interface SigningKeysConfig {
  keysSecret: string
  keyLeadMs: number
  keyMaxAgeMs: number
}

/** What {@link signingKeyVariables} say. */
export function signingKeysConfig(variables: {
  SIGNING_KEYS_SECRET: string
  SIGNING_KEY_LEAD_SECONDS: number
  SIGNING_KEY_MAX_AGE_SECONDS: number
}): SigningKeysConfig {
  return {
    keysSecret: variables.SIGNING_KEYS_SECRET,
    keyLeadMs: variables.SIGNING_KEY_LEAD_SECONDS * 1_000,
    keyMaxAgeMs: variables.SIGNING_KEY_MAX_AGE_SECONDS * 1_000,
  }
}
