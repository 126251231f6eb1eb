/**
 * Loads files inside @datadog/pprof, which is why its version is pinned: its own API makes a native label for every
 * request, which costs more than all the other signals' spans, and its pprof objects are a detour. In CommonJS, since
 * `require` is the one way that works at the call, in both kinds of module and in a bundle.
 */
module.exports = function loadNative() {
  const { TimeProfiler } = require('@datadog/pprof/out/src/time-profiler-bindings.js')
  const heap = require('@datadog/pprof/out/src/heap-profiler-bindings.js')
  return { TimeProfiler, heap }
}
