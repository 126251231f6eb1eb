import { DatasourceVariableBuilder, VariableHide } from '@grafana/grafana-foundation-sdk/dashboard'

/** The backends, by the uid that the provisioning gives their data source; each is also a variable of that name. */
export const backends = ['prometheus', 'loki', 'tempo', 'pyroscope'] as const
export type Backend = (typeof backends)[number]

/** Grafana's plugin id of each backend's data source. */
export const pluginIds: Record<Backend, string> = {
  prometheus: 'prometheus',
  loki: 'loki',
  tempo: 'tempo',
  pyroscope: 'grafana-pyroscope-datasource',
}

/**
 * Reference to a backend through its variable, so that the same JSON works where the data source has another uid:
 * an imported dashboard takes that Grafana's own.
 */
export const backend = (name: Backend): { type: string; uid: string } => ({
  type: pluginIds[name],
  uid: `\${${name}}`,
})

const labels: Record<Backend, string> = {
  prometheus: 'Metrics',
  loki: 'Logs',
  tempo: 'Traces',
  pyroscope: 'Profiles',
}

/** The variables behind `backend()`, out of the way in the controls menu. */
export const backendVariables = (): DatasourceVariableBuilder[] =>
  backends.map((name) =>
    new DatasourceVariableBuilder(name)
      .label(labels[name])
      .type(pluginIds[name])
      .current({ text: name, value: name })
      .hide(VariableHide.InControlsMenu),
  )
