import type { Command, Executable } from '../component.ts'
import { inRepository } from './context.ts'

/** The Node that runs the supervisor runs the services too: no other version is ever picked up from PATH. */
export const NODE: Executable = { path: process.execPath, version: process.versions.node, source: 'node' }

/** Runs a TypeScript entry point of the repository. */
export function nodeCommand(entry: string, env: Record<string, string>): (node: Executable) => Command {
  return (node) => ({
    file: node.path,
    args: ['--enable-source-maps', inRepository(entry)],
    env: { NODE_ENV: 'production', ...env },
    cwd: inRepository('.'),
  })
}
