import type { NativeProfilers } from './native.ts'

/** @throws Error where there is no build for this platform */
declare function loadNative(): NativeProfilers
export = loadNative
