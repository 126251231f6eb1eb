/** What a child inherits; all else that it needs stands in its definition, so that runs are alike. */
const INHERITED = ['PATH', 'HOME', 'USER', 'LOGNAME', 'TMPDIR', 'TZ', 'LOG_LEVEL']

/** Settings of the kit itself, such as `FAULTLINE_PROFILES_EXPORTER`, reach every component. */
const INHERITED_PREFIX = 'FAULTLINE_'

/** Environment of every child before its own settings. One locale, so that messages and sorting are the same anywhere. */
export function baseEnvironment(env: NodeJS.ProcessEnv = process.env): Record<string, string> {
  const inherited = Object.entries(env).filter(
    (entry): entry is [string, string] =>
      entry[1] !== undefined && (INHERITED.includes(entry[0]) || entry[0].startsWith(INHERITED_PREFIX)),
  )
  return { ...Object.fromEntries(inherited), LC_ALL: 'C.UTF-8' }
}
