import { describe, expect, it } from 'vitest'
import { generatedFiles } from './files.ts'
import { committed } from './test-support.ts'

describe('committed files', () => {
  it.each([...generatedFiles()])('%s is what `npm run grafana:generate` writes', (path, content) => {
    expect(committed(path)).toBe(content)
  })
})
