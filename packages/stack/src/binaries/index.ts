export { BinaryUnavailableError, type UnavailableReason } from './errors.ts'
export { resolveAll, resolveBinary } from './resolve.ts'
export { BINARY_NAMES, binaryVersions, pathVariable } from './table.ts'
export type { BinaryName, BinarySource, BuildProgress, ResolvedBinary, ResolveOptions } from './types.ts'
