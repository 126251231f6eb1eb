import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { execa } from 'execa'

/** A folder of one test, removed after it. */
export interface Sandbox extends AsyncDisposable {
  readonly root: string
  /** The only folder on `PATH` in `env`. */
  readonly bin: string
  readonly env: NodeJS.ProcessEnv
  /** Writes an executable shell script. */
  script(path: string, body: string): Promise<string>
}

export async function sandbox(): Promise<Sandbox> {
  const root = await mkdtemp(join(tmpdir(), 'faultline-binaries-'))
  const bin = join(root, 'bin')
  return {
    root,
    bin,
    env: { HOME: root, PATH: bin, FAULTLINE_CACHE_DIR: join(root, 'cache') },
    async script(path, body) {
      await mkdir(dirname(path), { recursive: true })
      await writeFile(path, `#!/bin/sh\nPATH=/usr/bin:/bin\n${body}\n`)
      await chmod(path, 0o755)
      return path
    },
    [Symbol.asyncDispose]: () => rm(root, { recursive: true, force: true }),
  }
}

/** What a build leaves: a program that tells the version, written to the path after `-o`. */
const PRODUCE =
  'printf \'#!/bin/sh\\necho toxiproxy-server version 2.5.0\\n\' > "$output"; chmod +x "$output"'

/**
 * A stand-in for the `go` command that knows `env`, `list` and `build`, so that failures and signals
 * can be provoked at will. Every build leaves a line in `<root>/builds`.
 */
export function fakeGo(box: Sandbox, options: { version?: string; build?: string } = {}): Promise<string> {
  const { version = 'go1.99.0', build = PRODUCE } = options
  return box.script(
    join(box.bin, 'go'),
    `case "$1" in
  env) echo '{"GOVERSION":"${version}","GOCACHE":"${box.root}/go","GOMODCACHE":"${box.root}/go"}' ;;
  list) echo 'go: downloading example.com/a v1.0.0' >&2; echo errors; echo example.com/a ;;
  build)
    echo built >> ${box.root}/builds
    while [ "$1" != -o ]; do shift; done
    output="$2"
    echo example.com/a
    ${build} ;;
esac`,
  )
}

/** A build that never ends: prints a line now and then, as go does, and has a compiler running beside it. */
export function endlessBuild(box: Sandbox): string {
  return `sleep 600 & echo $$ $! > ${box.root}/pids.part; mv ${box.root}/pids.part ${box.root}/pids
    while :; do echo example.com/b; sleep 0.05; done`
}

/** Whether the process runs; one that ended, but that its parent has not yet taken note of, does not. */
export async function isRunning(pid: number): Promise<boolean> {
  const { stdout } = await execa('ps', ['-o', 'stat=', '-p', `${pid}`], { reject: false })
  return stdout !== '' && !stdout.startsWith('Z')
}
