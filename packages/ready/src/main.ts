/** Entry point; reads READY_TARGETS, READY_HOST and READY_PORT. */
import { parseTargets, readyServer } from './server.ts'

const DEFAULT_PORT = 8090

try {
  const server = readyServer(parseTargets(process.env.READY_TARGETS ?? ''))
  server.listen(Number(process.env.READY_PORT || DEFAULT_PORT), process.env.READY_HOST || '127.0.0.1')
  const stop = (): void => {
    server.close()
    server.closeAllConnections()
  }
  process.once('SIGTERM', stop)
  process.once('SIGINT', stop)
} catch (error) {
  process.stderr.write(`ready cannot start: ${error instanceof Error ? error.message : String(error)}\n`)
  process.exitCode = 2
}
