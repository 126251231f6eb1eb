const START = /\$(?:\$|\{|(?<name>[a-z_]\w*))/i
// without the flag s: a line break in a default is an error to compose, too
const BRACED = /^\$\{(?<name>[a-z_]\w*)(?:(?<operator>:?[-?+])(?<argument>.*))?\}$/i

/**
 * A text with variables filled in as compose does: `$A`, `${A}`, `${A:-default}`, `${A:?message}`,
 * `${A:+replacement}`, each also without the colon (then what is set to nothing counts as set); `$$` is a `$`. As with
 * compose, a default or replacement is filled in even where it is not taken.
 * @throws Error for people: a variable without a value, or a brace that holds none
 */
export function interpolate(text: string, variables: NodeJS.Dict<string>): string {
  const found = START.exec(text)
  if (found === null) return text
  const end = found[0] === '${' ? afterBrace(text, found.index + 1) : found.index + found[0].length
  const expression = text.slice(found.index, end)
  const filled =
    expression === '$$'
      ? '$'
      : fill(found.groups?.name === undefined ? expression : `\${${found.groups.name}}`, variables)
  return text.slice(0, found.index) + filled + interpolate(text.slice(end), variables)
}

function fill(expression: string, variables: NodeJS.Dict<string>): string {
  const { name, operator, argument = '' } = BRACED.exec(expression)?.groups ?? {}
  if (name === undefined) throw new Error(`${expression} is no variable: write $$ for a $ that begins none`)
  const value = variables[name]
  if (operator === undefined) {
    if (value !== undefined) return value
    throw new Error(`the variable ${name} has no value: set it, or write \${${name}:-} where it may be empty`)
  }
  const alternative = interpolate(argument, variables)
  const isSet = value !== undefined && !(operator.startsWith(':') && value === '')
  if (operator.endsWith('+')) return isSet ? alternative : ''
  if (isSet) return value
  if (operator.endsWith('-')) return alternative
  throw new Error(`the variable ${name} must be set${alternative === '' ? '' : `: ${alternative}`}`)
}

/** Index after the brace that closes the one at an index, or of the text's end where none does. */
function afterBrace(text: string, opening: number): number {
  let depth = 0
  for (let at = opening; at < text.length; at += 1) {
    if (text[at] === '{') depth += 1
    if (text[at] === '}') depth -= 1
    if (depth === 0) return at + 1
  }
  return text.length
}
