import { mkdir, readFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import writeFileAtomic from 'write-file-atomic'
import { messageOf } from './errors.ts'

const PLACEHOLDER = /\$\{([A-Z][A-Z0-9_]*)\}/g

/**
 * Fills in `${NAME}` placeholders; anything else in the text stays as it is.
 * @throws Error naming the placeholders that have no value
 */
export function render(template: string, values: Readonly<Record<string, string>>): string {
  const missing = new Set<string>()
  const text = template.replaceAll(PLACEHOLDER, (placeholder, name: string) => {
    const value = Object.hasOwn(values, name) ? values[name] : undefined
    if (value === undefined) missing.add(name)
    return value ?? placeholder
  })
  if (missing.size > 0)
    throw new Error(`no value for ${[...missing].map((name) => `\${${name}}`).join(', ')}`)
  return text
}

/** Renders a file of the repository into the state folder. */
export async function renderFile(
  source: string,
  target: string,
  values: Readonly<Record<string, string>>,
): Promise<void> {
  const template = await readFile(source, 'utf8')
  let text: string
  try {
    text = render(template, values)
  } catch (error) {
    throw new Error(`${source} cannot be rendered: ${messageOf(error)}`, { cause: error })
  }
  await mkdir(dirname(target), { recursive: true })
  await writeFileAtomic(target, text)
}
