/** Set-up file: tests that ask service-kit for PostgreSQL or NATS get the one of the compose file. */
import { serverStarters } from '@faultline/test-support/servers'
import { startNatsContainer } from './nats.ts'
import { startPostgresContainer } from './postgres.ts'

// What a test starts it also removes; the library's own reaper is an image of a registry.
process.env.TESTCONTAINERS_RYUK_DISABLED = 'true'

serverStarters.postgres = startPostgresContainer
serverStarters.nats = startNatsContainer
