/**
 * Tokens of PostgreSQL's lexical rules in which a literal may begin or hide:
 * https://www.postgresql.org/docs/current/sql-syntax-lexical.html. Each alternative either matches or fails within a
 * few characters, or runs to the end of the text, so that the time is linear.
 */
const TOKEN = new RegExp(
  [
    String.raw`(?<comment>--[^\n]*|/\*[\s\S]*?(?:\*/|$))`,
    String.raw`(?<escaped>[eE]'[^'\\]*(?:(?:\\[\s\S]|'')[^'\\]*)*(?:'|\\?$))`,
    "(?<plain>'[^']*(?:''[^']*)*(?:'|$))",
    String.raw`(?<dollar>\$(?<tag>(?:[a-zA-Z_\u0080-\uffff][\w\u0080-\uffff]*)?)\$[\s\S]*?(?:\$\k<tag>\$|$))`,
    // Quoted with `"`, in MySQL with a backtick; one that is not closed may hold anything.
    '(?<open>"[^"]*$|`[^`]*$)',
    String.raw`(?<name>"[^"]*"|${'`'}[^${'`'}]*${'`'}|[a-zA-Z_\u0080-\uffff][\w$\u0080-\uffff]*|\$\d+)`,
    String.raw`(?<number>\.?\d[\w.\u0080-\uffff]*(?:(?<=[eE])[+-]\d+)?)`,
  ].join('|'),
  'g',
)

/**
 * The statement with `?` for every string, number and dollar quote, and without comments. Words, quoted names and
 * placeholders (`$1`) stay. Where a dialect decides whether a string or a comment has ended (a backslash before its
 * quote; a comment within, which only some have), the rest of the statement goes.
 */
export function maskQuery(text: string): string {
  let masked = ''
  let end = 0
  for (const match of text.matchAll(TOKEN)) {
    const { comment, plain, name } = match.groups as Partial<Record<string, string>>
    if (name !== undefined) continue
    masked += text.slice(end, match.index) + (comment === undefined ? '?' : ' ')
    end = match.index + match[0].length
    if (plain?.includes("\\'") || (comment?.startsWith('/*') && comment.includes('/*', 2))) return masked
  }
  return end === 0 ? text : masked + text.slice(end)
}
