/** Whether an id is meant; `*` in a pattern stands for any text. */
export function matches(id: string, pattern: string): boolean {
  const [start = '', end] = pattern.split('*', 2)
  if (end === undefined) return id === start
  return id.startsWith(start) && id.endsWith(end) && id.length >= start.length + end.length
}
