import { execFile } from 'node:child_process'
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { readmeCommands } from '../readme.ts'

const run = promisify(execFile)
const repository = fileURLToPath(new URL('../../../..', import.meta.url))
const tools = join(repository, 'node_modules/.bin')

/** An empty project into which the package is installed by the README's own commands. */
export class InstalledProject implements AsyncDisposable {
  readonly folder: string

  /**
   * @param title of the section of the README whose commands install
   * @param others packages that only the test needs
   */
  static async create(title: string, others: readonly string[] = []): Promise<InstalledProject> {
    const project = new InstalledProject(await mkdtemp(join(tmpdir(), 'telemetry-install-')))
    await project.write('package.json', JSON.stringify({ private: true, type: 'module' }))
    const pack = readmeCommands('Quick start').find((command) => command.startsWith('npm run'))
    await project.shell(`${pack} -- --pack-destination ${project.folder}`, repository)
    const tarball = (await readdir(project.folder)).find((name) => name.endsWith('.tgz'))
    const commands = readmeCommands(title).map((command) => command.replace(/\S+\.tgz/, `./${tarball}`))
    if (others.length > 0) commands.push(`npm install ${others.join(' ')}`)
    for (const command of commands) await project.shell(`${command} --no-audit --no-fund --prefer-offline`)
    return project
  }

  private constructor(folder: string) {
    this.folder = folder
  }

  async write(name: string, content: string): Promise<void> {
    await writeFile(join(this.folder, name), content)
  }

  /**
   * Runs a command line with the repository's tools at hand.
   * @throws Error with `stdout` and `stderr` when it fails
   */
  async shell(command: string, folder: string = this.folder): Promise<string> {
    const path = [tools, process.env.PATH].join(delimiter)
    const { stdout } = await run('sh', ['-c', command], { cwd: folder, env: { ...process.env, PATH: path } })
    return stdout
  }

  /** Compiles by a `tsconfig.json` in `folder`. @returns errors, but those in the declarations of other packages */
  async compile(folder: string): Promise<string[]> {
    const output = await this.shell(`tsc -p ${folder}`).catch((error: { stdout: string }) => error.stdout)
    return output
      .split('\n')
      .filter((line) => /error TS/.test(line) && (!/^node_modules/.test(line) || /@faultline/.test(line)))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.folder, { recursive: true, force: true })
  }
}
