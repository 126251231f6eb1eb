/** Versions as entity tags: what an answer of a concert or a venue shows, in one short string. */
import type { ConcertVersion } from '../repositories/concerts.ts'

/** A concert's answer shows its venue too, so the venue's version is part of its tag. */
export function concertTag([concert, venue]: ConcertVersion): string {
  return `"c${concert}.v${venue}"`
}

export function venueTag(version: number): string {
  return `"v${version}"`
}

/**
 * Versions that an `If-Match` header allows. A tag that this service never made matches nothing, and weak tags
 * never match.
 *
 * @returns undefined for `*`: any version
 * @see https://www.rfc-editor.org/rfc/rfc9110#section-13.1.1
 */
export function versionsAllowed(ifMatch: string): ConcertVersion[] | undefined {
  if (ifMatch.trim() === '*') return undefined
  return [...ifMatch.matchAll(/(W\/)?"c(\d{1,9})\.v(\d{1,9})"/g)]
    .filter(([, weak]) => weak === undefined)
    .map(([, , concert, venue]): ConcertVersion => [Number(concert), Number(venue)])
}
