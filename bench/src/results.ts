import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

const FOLDER = join(import.meta.dirname, '..', 'results')

/** Prints a result and keeps it in `bench/results/<name>.md`, which the README quotes. */
export async function publish(name: string, markdown: string): Promise<void> {
  console.log(`\n${markdown}`)
  await mkdir(FOLDER, { recursive: true })
  await writeFile(join(FOLDER, `${name}.md`), markdown)
}
