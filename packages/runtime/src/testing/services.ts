import type { ComposeModel, ComposePort, ComposeService } from '../compose-file/model.ts'

/** A service that says nothing but its name, for tests. */
export function aService(name: string, more: Partial<ComposeService> = {}): ComposeService {
  return {
    name,
    at: { file: '/repository/docker-compose.yml', line: 7 },
    image: 'docker.io/library/any',
    tag: '1',
    command: [],
    environment: {},
    ports: [],
    expose: [],
    mounts: [],
    dependsOn: [],
    profiles: [],
    stopGraceMs: 10_000,
    isTask: false,
    needs: {},
    flushesTo: [],
    standsInFor: {},
    ...more,
  }
}

export function aPort(name: string, target: number, published = target): ComposePort {
  return { name, target, published, protocol: 'tcp' }
}

export function aModel(services: readonly ComposeService[], removed: readonly string[] = []): ComposeModel {
  return {
    services: new Map(services.map((service) => [service.name, service])),
    removed: new Set(removed),
  }
}
