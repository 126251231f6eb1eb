import { z } from 'zod'

/** Identifier of a concert, venue or seat: a UUID in its canonical lower- or upper-case spelling. */
export const idSchema = z.uuid()

export const concertIdSchema = idSchema.meta({
  description: 'Identifier of a concert',
  example: '5f0c9a52-7d3e-5b0a-9c1d-0f7c2b6f3a11',
})

export const venueIdSchema = idSchema.meta({
  description: 'Identifier of a venue',
  example: '0b3c6a7e-52d1-5c8f-8a44-7e0c7d1f9b20',
})
