import { mkdir, readFile } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import writeFileAtomic from 'write-file-atomic'
import { parseDocument } from 'yaml'

/** Where each alertmanager of the file listens when it is not a container of that name. */
export type Addresses = Readonly<Record<string, string>>

/**
 * Writes the repository's Prometheus configuration as plain processes need it. In it, hosts are those of containers
 * and rule files are relative to it: here hosts get their address, and paths become absolute. Alertmanagers of a folder
 * that compose mounts are left out.
 */
export async function renderPrometheusConfig(
  source: string,
  target: string,
  addresses: Addresses,
): Promise<void> {
  const text = prometheusConfigAt(await readFile(source, 'utf8'), dirname(source), addresses)
  await mkdir(dirname(target), { recursive: true })
  await writeFileAtomic(target, text)
}

/** @param folder that relative paths start from */
export function prometheusConfigAt(source: string, folder: string, addresses: Addresses): string {
  const document = parseDocument(source)
  const config = document.toJS() as {
    rule_files?: string[]
    alerting?: {
      alertmanagers?: { static_configs?: { targets: string[] }[]; file_sd_configs?: unknown[] }[]
    }
  }
  config.rule_files?.forEach((file, i) => {
    document.setIn(['rule_files', i], resolve(folder, file))
  })
  config.alerting?.alertmanagers?.forEach(({ static_configs = [] }, i) => {
    static_configs.forEach(({ targets }, j) => {
      targets.forEach((name, k) => {
        const path = ['alerting', 'alertmanagers', i, 'static_configs', j, 'targets', k]
        document.setIn(path, addresses[name] ?? name)
      })
    })
  })
  const ofFolders = config.alerting?.alertmanagers?.flatMap(({ file_sd_configs }, i) =>
    file_sd_configs === undefined ? [] : i,
  )
  // from the end, so that the numbers of those before stay true
  for (const i of ofFolders?.reverse() ?? []) document.deleteIn(['alerting', 'alertmanagers', i])
  return document.toString()
}
