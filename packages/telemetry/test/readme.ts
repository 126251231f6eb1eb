import { readFileSync } from 'node:fs'

const README = new URL('../README.md', import.meta.url)
const BLOCK = /^```(\w+)\n([\s\S]*?)^```$/gm

/**
 * Code blocks of one language below a title of the README, in order: what people copy has to work as it stands.
 * @throws Error when the README has no such title
 */
export function readmeCode(title: string, language: string): string[] {
  const readme = readFileSync(README, 'utf8')
  const sections = readme.split(/^#{2,4} /m)
  const section = sections.find((text) => text.startsWith(`${title}\n`))
  if (section === undefined) throw new Error(`the README has no title "${title}"`)
  return [...section.matchAll(BLOCK)].flatMap(([, of, code]) => (of === language && code ? [code] : []))
}

/** Commands of a section's first shell block, without what is said about them. */
export function readmeCommands(title: string): string[] {
  const [block = ''] = readmeCode(title, 'sh')
  return block
    .split('\n')
    .map((line) => line.replace(/\s+# .*$/, '').trim())
    .filter((line) => line !== '')
}
