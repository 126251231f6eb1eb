import { realpathSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { ComponentDefinition } from '../component.ts'

/** Where the image keeps what an installed Grafana keeps elsewhere. */
const OF_THE_IMAGE = ['GF_PATHS_CONFIG', 'GF_PATHS_HOME', 'GF_PATHS_LOGS']

/** An installed Grafana: its image starts it by a script that says where its pages and its own settings are. */
export function grafanaCommand(command: ComponentDefinition['command']): ComponentDefinition['command'] {
  return (executable) => {
    const { env, ...rest } = command(executable)
    const own = Object.entries(env).filter(([name]) => !OF_THE_IMAGE.includes(name))
    return {
      ...rest,
      // packages install bin/grafana beside public/ and conf/
      args: ['server', `--homepath=${dirname(dirname(realpathSync(executable.path)))}`],
      env: { ...Object.fromEntries(own), GF_PATHS_LOGS: join(env.GF_PATHS_DATA ?? '', 'log') },
    }
  }
}
