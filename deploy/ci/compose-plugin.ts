/** Prints the path of compose v2, which is built once a machine where it is not installed. */
import { resolveBinary } from '@faultline/toolchain'

console.log((await resolveBinary('compose')).path)
