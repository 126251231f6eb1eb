import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { parseEnv } from 'node:util'
import writeFileAtomic from 'write-file-atomic'
import { textOf } from '../compose-file/read.ts'
import { environmentLacks, messageOf, wrongUse } from '../errors.ts'

/** The first and the last of the lines that are the kit's own; the first says whether the file is, too. */
const BLOCK =
  /^# >>> faultline ports(?<made> \(made this file\))?:[^\n]*\n(?:[^\n]*\n)*?# <<< faultline ports\r?\n?/m
const LAST = '# <<< faultline ports'
const MARKER = /^# (?:>>>|<<<) faultline ports.*$/m
/** Some editors put it before everything else, where it has to stay. */
const BYTE_ORDER_MARK = '\uFEFF'
const first = (made: boolean): string =>
  `# >>> faultline ports${made ? ' (made this file)' : ''}: "npx faultline ports --offset 0" takes these lines out again`

/**
 * A `.env` file with the kit's own settings in place of those that it had; all other lines stay as they are. They are at
 * the top, so that a line of somebody else's which sets the same variable wins, as the last one does.
 * @param text of the file, undefined when there is none
 * @param settings none take the kit's own lines out
 * @returns the new text, undefined when the file is the kit's own and nothing is left of it
 */
export function withOwnSettings(
  text: string | undefined,
  settings: Readonly<Record<string, number>>,
): string | undefined {
  if (text?.startsWith(BYTE_ORDER_MARK))
    return BYTE_ORDER_MARK + (withOwnSettings(text.slice(1), settings) ?? '')
  const found = BLOCK.exec(text ?? '')
  const made = text === undefined || found?.groups?.made !== undefined
  const lines = Object.entries(settings).map(([name, value]) => `${name}=${value}`)
  const block = lines.length === 0 ? '' : `${[first(made), ...lines, LAST].join('\n')}\n`
  const result = found === null ? block + (text ?? '') : (text ?? '').replace(BLOCK, block)
  return result === '' && made ? undefined : result
}

/**
 * Puts the kit's own settings into `.env` of a folder, or takes them out; see {@link withOwnSettings}.
 * @throws StackError (environment) when the file cannot be read or written; (wrong use) when half of the kit's own
 * lines are gone
 */
export async function writeOwnSettings(
  folder: string,
  settings: Readonly<Record<string, number>>,
): Promise<void> {
  const file = join(folder, '.env')
  const before = await textOf(file)
  const stray = MARKER.exec((before ?? '').replace(BYTE_ORDER_MARK, '').replace(BLOCK, ''))
  if (stray !== null) {
    throw wrongUse(
      `${file} has a line of the kit's without its partner: "${stray[0]}". Delete it, with the FAULTLINE_PORT_ lines beside it that the kit wrote`,
    )
  }
  const after = withOwnSettings(before, settings)
  if (after === before) return
  try {
    if (after === undefined) await rm(file)
    else await writeFileAtomic(file, after)
  } catch (error) {
    throw environmentLacks(
      `cannot write ${file} (${messageOf(error)}): the folder must let you write to it, too`,
      error,
    )
  }
}

/**
 * Where compose takes variables from: the environment and, for what is not set there, `.env` beside the compose file.
 * @param own settings to be taken as if they were written; those that are, otherwise
 * @throws StackError (environment) when there is a file that cannot be read
 */
export async function composeEnvironment(
  folder: string,
  environment: NodeJS.Dict<string> = process.env,
  own?: Readonly<Record<string, number>>,
): Promise<NodeJS.Dict<string>> {
  const written = await textOf(join(folder, '.env'))
  const text = own === undefined ? written : withOwnSettings(written, own)
  return { ...parseEnv(text?.replace(BYTE_ORDER_MARK, '') ?? ''), ...environment }
}
