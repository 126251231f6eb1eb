import type { Command, Executable } from '../component.ts'
import { inRepository, type StackContext } from './context.ts'

/** The Node that runs the supervisor runs the services too: no other version is ever picked up from PATH. */
export const NODE: Executable = { path: process.execPath, version: process.versions.node, source: 'node' }

/**
 * Runs a TypeScript entry point of the repository.
 *
 * @param preload what is loaded before it, by `--import`
 */
export function nodeCommand(
  { layout }: StackContext,
  entry: string,
  env: Record<string, string>,
  preload?: string,
): (node: Executable) => Command {
  return (node) => ({
    file: node.path,
    args: [...(preload === undefined ? [] : ['--import', inRepository(preload)]), inRepository(entry)],
    env: { NODE_ENV: 'production', NODE_COMPILE_CACHE: layout.compileCache, ...env },
    cwd: inRepository('.'),
  })
}
