import { mkdir, readFile, rename } from 'node:fs/promises'
import { join } from 'node:path'
import writeFileAtomic from 'write-file-atomic'
import { type Incident, incidentsSchema } from './history.ts'

/** Keeps incidents in a file, so that a restarted pager knows what it paged. */
export interface IncidentStore {
  /** What was kept; empty when there is nothing, or nothing readable (which is set aside, not deleted). */
  load(): Promise<readonly Incident[]>
  save(incidents: readonly Incident[]): Promise<void>
}

/** @param onUnreadable told where a file went that is not a history */
export function createIncidentStore(folder: string, onUnreadable: (file: string) => void): IncidentStore {
  const file = join(folder, 'incidents.json')
  return {
    async load() {
      await mkdir(folder, { recursive: true })
      let text: string
      try {
        text = await readFile(file, 'utf8')
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
        throw error
      }
      try {
        return incidentsSchema.parse(JSON.parse(text))
      } catch {
        const aside = `${file}.unreadable`
        await rename(file, aside)
        onUnreadable(aside)
        return []
      }
    },
    async save(incidents) {
      await writeFileAtomic(file, JSON.stringify(incidents))
    },
  }
}
