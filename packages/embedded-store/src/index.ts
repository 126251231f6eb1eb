export { ConfigError, readConfig, type StoreConfig } from './config.ts'
export { ListenError } from './http/listener.ts'
export { type EmbeddedStore, startEmbeddedStore } from './server.ts'
