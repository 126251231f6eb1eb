import type { StackState } from '@faultline/runtime'
import { LineProgress } from './lines.ts'
import { LiveProgress } from './live.ts'

export interface Progress {
  update(state: StackState): void
  finish(): Promise<void>
}

/** A live list on a terminal, lines otherwise. */
export function createProgress(out: NodeJS.WriteStream = process.stdout): Progress {
  if (out.isTTY) return new LiveProgress()
  const lines = new LineProgress((line) => out.write(`${line}\n`))
  return { update: (state) => lines.update(state), finish: async () => undefined }
}
