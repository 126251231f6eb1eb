export { ConfigurationError, loadConfig } from './config/load-config.ts'
export { EnvironmentError, runMain } from './config/run-main.ts'
export { host, httpOrigins, integer, listenVariables, port, postgresUrl } from './config/variables.ts'
