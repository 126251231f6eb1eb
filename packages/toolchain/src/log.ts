import { createWriteStream, type WriteStream } from 'node:fs'
import { finished } from 'node:stream/promises'

/** What a build printed: in a file for people, and in memory for the error that a failure ends in. */
export class BuildLog implements AsyncDisposable {
  readonly path: string
  readonly lines: string[] = []
  readonly #file: WriteStream

  /** Starts the file anew. */
  constructor(path: string) {
    this.path = path
    this.#file = createWriteStream(path)
    // On a full disk go's own error says so; the log is not what should end the build.
    this.#file.on('error', () => {})
  }

  write(line: string): void {
    this.lines.push(line)
    this.#file.write(`${line}\n`)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#file.end()
    await finished(this.#file).catch(() => {})
  }
}
