import { defineConfig } from 'vitest/config'

/** Of the mutated judges alone, so that each mutant takes a moment. */
export default defineConfig({ test: { include: ['src/evidence/*.test.ts'] } })
