// A process of its own that resolves toxiproxy, for the tests of what happens between processes.
import { resolveBinary } from '../src/index.ts'

const { source } = await resolveBinary('toxiproxy')
process.stdout.write(source)
