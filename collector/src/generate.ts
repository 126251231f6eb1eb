/** `npm run keep:generate`: writes the keep rule into the configurations that repeat it. */
import { readFile, writeFile } from 'node:fs/promises'
import { keepRuleParts, withKeepRule } from './keep-rule.ts'

for (const [path, part] of keepRuleParts) {
  const file = new URL(`../../${path}`, import.meta.url)
  await writeFile(file, withKeepRule(await readFile(file, 'utf8'), part))
  console.log(path)
}
