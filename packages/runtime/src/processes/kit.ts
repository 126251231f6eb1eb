import { join } from 'node:path'
import { REPOSITORY_ROOT } from '@faultline/toolchain'
import { composeEnvironment } from '../compose/env-file.ts'
import { type ComposeModel, type ComposeService, readComposeFiles } from '../compose-file/index.ts'

/** The description of the kit, and what differs without containers; from the repository's root. */
export const KIT_FILES = ['docker-compose.yml', 'deploy/processes.yml'] as const

const FILES = KIT_FILES.map((file) => join(REPOSITORY_ROOT, file))

/**
 * The kit as plain processes: its files with overlays merged over them. Variables are taken, as compose does, from the
 * environment and from `.env` beside the file.
 * @param overlays absolute paths
 * @param variables that win over those
 * @throws StackError naming file and line of what is wrong
 */
export async function readKit(
  overlays: readonly string[],
  variables: NodeJS.Dict<string>,
): Promise<ComposeModel> {
  const all = { ...(await composeEnvironment(REPOSITORY_ROOT)), ...variables }
  const model = await readComposeFiles([...FILES, ...overlays], all)
  return overlays.length === 0 ? model : withAllPorts(model, await readComposeFiles(FILES, all))
}

/** A port that an overlay no longer publishes is closed to this machine in containers; a process has it all the same. */
function withAllPorts(model: ComposeModel, before: ComposeModel): ComposeModel {
  const withPorts = (service: ComposeService): ComposeService => {
    const closed = (before.services.get(service.name)?.ports ?? []).filter(
      ({ target, protocol }) =>
        !service.ports.some((port) => port.target === target && port.protocol === protocol),
    )
    return { ...service, ports: [...service.ports, ...closed] }
  }
  return { ...model, services: new Map([...model.services].map(([name, one]) => [name, withPorts(one)])) }
}
