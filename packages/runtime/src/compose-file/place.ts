import { relative } from 'node:path'
import { REPOSITORY_ROOT } from '@faultline/toolchain'
import type { Place } from './model.ts'

/** A place for people: `docker-compose.yml:120`, as editors and terminals link it. */
export function placeOf({ file, line }: Place): string {
  const inRepository = relative(REPOSITORY_ROOT, file)
  return `${inRepository.startsWith('..') ? file : inRepository}:${line}`
}
