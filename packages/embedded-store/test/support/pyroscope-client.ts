import { createRequire } from 'node:module'

// A service that is profiled by Pyroscope's client, as `node pyroscope-client.ts URL NAME`: it works, keeps what it
// makes, pushes both profiles and ends.

interface Client {
  init(config: object): void
  start(): void
  stop(): Promise<void>
}

const client = createRequire(import.meta.url)('@pyroscope/nodejs') as Client
const [serverAddress, appName] = process.argv.slice(2)
/** Pushes so often; only the wall profile is pushed at the end too. */
const flushIntervalMs = 300
const kept: string[][] = []

function burnForTheProfile(): void {
  const end = performance.now() + 50
  while (performance.now() < end) kept[0] = Array.from({ length: 1000 }, (_, at) => `${at}`.repeat(3))
}

function keepForTheProfile(): void {
  kept.push(Array.from({ length: 20_000 }, (_, at) => `kept ${at}`))
}

client.init({
  serverAddress,
  appName,
  tags: { region: 'eu' },
  flushIntervalMs,
  wall: { collectCpuTime: true },
})
client.start()
// Until somebody has seen the profiles.
const work = setInterval(() => {
  burnForTheProfile()
  if (kept.length < 50) keepForTheProfile()
}, 60)
process.once('SIGTERM', () => {
  clearInterval(work)
  void client.stop().finally(() => process.exit(0))
})
