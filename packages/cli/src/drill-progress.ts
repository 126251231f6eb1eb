import type { Progress } from '@faultline/drill-engine'

const CLOCK_MS = 1000

/**
 * Live progress on the standard error, so that the verdict alone can be piped: a line for each phase and event, and on
 * a terminal a clock with the evidence below them.
 */
export function drillProgress(stream: NodeJS.WriteStream = process.stderr): {
  tell: (progress: Progress) => void
  finish: () => void
} {
  const startedMs = Date.now()
  const live = stream.isTTY === true
  let status = ''
  const clock = (): string => `${String(Math.round((Date.now() - startedMs) / 1000)).padStart(4)} s`
  const redraw = (): void => {
    if (live) stream.write(`\r\x1b[K${clock()}  ${status.slice(0, (stream.columns ?? 80) - 10)}`)
  }
  const line = (text: string): void => {
    if (live) stream.write('\r\x1b[K')
    stream.write(`${clock()}  ${text}\n`)
    redraw()
  }
  const timer = setInterval(redraw, CLOCK_MS)
  return {
    tell(progress) {
      if (progress.kind === 'phase') {
        status = ''
        line(`${progress.phase.toUpperCase()}: ${progress.text}`)
      } else if (progress.kind === 'event') {
        line(`  ${progress.text}`)
      } else {
        const open =
          progress.open.length === 0 ? 'all evidence is there' : `open: ${progress.open.join(', ')}`
        const next = `evidence ${progress.met.length} of ${progress.met.length + progress.open.length}; ${open}`
        if (!live && next !== status) line(`  ${next}`)
        status = next
        redraw()
      }
    },
    finish() {
      clearInterval(timer)
      if (live) stream.write('\r\x1b[K')
    },
  }
}
