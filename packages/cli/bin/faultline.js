#!/usr/bin/env node
// The kit runs on Node 24. npm scripts and npx find it by themselves (the `node` package is first on their PATH);
// called any other way by an older Node, this file hands over to it. So it must itself run on any Node.
import { spawn } from 'node:child_process'
import module, { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const REQUIRED_MAJOR = 24
const ENVIRONMENT_LACKS = 3
const main = join(dirname(fileURLToPath(import.meta.url)), '../src/main.ts')

if (Number(process.versions.node.split('.')[0]) >= REQUIRED_MAJOR) {
  // a third less time for each command
  module.enableCompileCache()
  await import(main)
} else {
  const node = bundledNode()
  if (node === undefined) {
    console.error(
      `faultline needs Node ${REQUIRED_MAJOR}, this is ${process.version}: run "npm ci" in the repository (it brings Node ${REQUIRED_MAJOR}), or install Node ${REQUIRED_MAJOR}`,
    )
    process.exit(ENVIRONMENT_LACKS)
  }
  handOver(node)
}

/** Path of the `node` package's executable, if it is installed. */
function bundledNode() {
  try {
    return join(dirname(createRequire(import.meta.url).resolve('node/package.json')), 'bin/node')
  } catch {
    return undefined
  }
}

function handOver(node) {
  const child = spawn(node, [main, ...process.argv.slice(2)], { stdio: 'inherit' })
  child.on('error', (error) => {
    console.error(
      `Node ${REQUIRED_MAJOR} cannot be started from ${node}: ${error.message}: run "npm ci" again`,
    )
    process.exit(ENVIRONMENT_LACKS)
  })
  child.on('exit', (code, signal) => {
    process.exitCode = code ?? 1
    if (signal !== null) process.kill(process.pid, signal)
  })
  // a terminal's Ctrl-C reaches the child by itself; this process must only outlive it
  process.on('SIGINT', () => undefined)
  process.on('SIGTERM', () => child.kill('SIGTERM'))
  process.on('SIGHUP', () => child.kill('SIGHUP'))
}
