import { execa } from 'execa'
import { environmentLacks } from '../errors.ts'

/** OS user that PostgreSQL runs as when the kit runs as root, which PostgreSQL refuses. */
const ACCOUNT = 'postgres'

export interface Account {
  readonly uid: number
  readonly gid: number
}

/**
 * The account to run PostgreSQL as: undefined (the current one) unless the kit runs as root. Then the account
 * `postgres`, made if there is none.
 * @throws StackError (environment) when it is not there and cannot be made
 */
export async function postgresAccount(): Promise<Account | undefined> {
  if (process.getuid?.() !== 0) return undefined
  const existing = await lookUp()
  if (existing !== undefined) return existing
  const made = await execa('useradd', ['--system', '--user-group', '--no-create-home', ACCOUNT], {
    reject: false,
  })
  const account = await lookUp()
  if (account !== undefined) return account
  throw environmentLacks(
    `PostgreSQL does not run as root, and the OS user "${ACCOUNT}" could not be made (${made.stderr || made.shortMessage}): run "useradd --system ${ACCOUNT}", or start the kit as another user`,
  )
}

async function lookUp(): Promise<Account | undefined> {
  const [uid, gid] = await Promise.all([
    execa('id', ['-u', ACCOUNT], { reject: false }),
    execa('id', ['-g', ACCOUNT], { reject: false }),
  ])
  if (uid.exitCode !== 0 || gid.exitCode !== 0) return undefined
  return { uid: Number(uid.stdout), gid: Number(gid.stdout) }
}

/** Whether an account may enter a folder and read it; asks the OS by trying as that account. */
export async function canReach(path: string, account: Account): Promise<boolean> {
  // from the root: the current folder may itself be out of the account's reach
  const result = await execa('test', ['-r', path, '-a', '-x', path], { ...account, cwd: '/', reject: false })
  return result.exitCode === 0
}
