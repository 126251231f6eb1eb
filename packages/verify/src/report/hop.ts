/**
 * The stations of the way that verify follows, in the order in which data passes them: the way in, a request and its
 * answer, an order from sign-in to ticket, the replicas of services, the collector, the backends, the four signals of each service, the links from one signal to the
 * next, those from an order to its signals, what is drawn and computed from them, Grafana that draws it; last the load, without which all of it may be well.
 */
export const hops = [
  'edge',
  'gateway',
  'requests',
  'order',
  'services',
  'collector',
  'prometheus',
  'loki',
  'tempo',
  'pyroscope',
  'metrics',
  'logs',
  'traces',
  'profiles',
  'metrics → exemplar',
  'exemplar → trace',
  'trace → logs',
  'logs → span profile',
  'span profile → metrics',
  'order → trace',
  'order → logs',
  'order → profile',
  'rules',
  'panels',
  'grafana',
  'load',
] as const

export type Hop = (typeof hops)[number]

export const signals = ['metrics', 'logs', 'traces', 'profiles'] as const
export type Signal = (typeof signals)[number]
