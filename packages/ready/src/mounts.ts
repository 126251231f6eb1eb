/**
 * Entry point: `node mounts.ts FOLDER`. Ends with 1 and the names of files below the folder that this user cannot read.
 * Run as a user whom no file belongs to, it sees what containers see that run as users of their own: a checkout made with
 * umask 077 is closed to them, and each would fail with an error that hardly names the cause.
 */
import { constants } from 'node:fs'
import { access, readdir } from 'node:fs/promises'
import { join, relative } from 'node:path'

const MOST_NAMED = 20

/** Files and folders below `folder` that cannot be read; what is in a closed folder is not looked for. */
async function* unreadable(folder: string): AsyncGenerator<string> {
  try {
    for (const entry of await readdir(folder, { withFileTypes: true })) {
      const path = join(folder, entry.name)
      if (entry.isDirectory()) yield* unreadable(path)
      else if (!(await isReadable(path))) yield path
    }
  } catch {
    yield folder
  }
}

/** A link that leads nowhere is not closed; an editor's lock is one. */
const isReadable = (path: string): Promise<boolean> =>
  access(path, constants.R_OK).then(
    () => true,
    (error: NodeJS.ErrnoException) => error.code === 'ENOENT',
  )

const [root = ''] = process.argv.slice(2)
const closed: string[] = []
for await (const path of unreadable(root)) closed.push(relative(root, path) || root)
if (closed.length > 0) {
  const more = closed.length > MOST_NAMED ? [`and ${closed.length - MOST_NAMED} more`] : []
  const folders = [...new Set(closed.map((path) => path.split('/')[0]))]
  process.stderr.write(
    [
      'containers, which run as users of their own, cannot read what is mounted into them:',
      ...[...closed.slice(0, MOST_NAMED), ...more].map((path) => `  ${path}`),
      `In the repository's folder, let them:  chmod -R a+rX ${folders.join(' ')}`,
      'Where SELinux is enforcing, set FAULTLINE_SELINUX=1 as well.',
      '',
    ].join('\n'),
  )
  process.exitCode = 1
}
