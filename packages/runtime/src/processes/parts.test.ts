import { describe, expect, it } from 'vitest'
import { aModel, aService } from '../../test/fixtures/services.ts'
import { argumentsOf, type Images, imageSchema, partsOf, variablesOf } from './parts.ts'

const image = (name: string, more: object) =>
  imageSchema.parse({ image: name, entrypoint: [], executables: [], program: {}, ...more })

const images: Images = new Map([
  ['kit', image('kit', { entrypoint: ['node'], program: { binary: 'node' } })],
  ['tempo', image('tempo', { program: { binary: 'tempo', optional: true } })],
  ['pyroscope', image('pyroscope', { program: { binary: 'pyroscope', optional: true } })],
  ['valkey', image('valkey', { program: { binary: 'valkey', optional: true } })],
  ['other', imageSchema.parse({ image: 'other', entrypoint: [], executables: [] })],
])

const store = aService('store', {
  image: 'kit',
  environment: { TEMPO_PORT: '1', OTLP_PORT: '2', PYROSCOPE_PORT: '3', HOST: '0.0.0.0' },
  standsInFor: { tempo: ['TEMPO_PORT', 'OTLP_PORT'], pyroscope: ['PYROSCOPE_PORT'] },
})
const services = [
  aService('catalog', {
    image: 'kit',
    environment: { CACHE_URL: 'redis://valkey:6380', PORT: '8082' },
    needs: { CACHE_URL: 'valkey' },
  }),
  aService('valkey', { image: 'valkey' }),
  aService('tempo', { image: 'tempo' }),
  aService('pyroscope', { image: 'pyroscope' }),
  aService('apart', { image: 'nobody knows', profiles: ['apart'] }),
  store,
]

const read = (installed: readonly string[], model = aModel(services)) => {
  const parts = partsOf(model, images, (binary) => installed.includes(binary))
  const variables = (name: string) => {
    const part = parts.running.find(({ service }) => service.name === name)
    return part === undefined ? undefined : Object.keys(variablesOf(part, parts))
  }
  return { names: parts.running.map(({ service }) => service.name), variables, parts }
}

describe('partsOf', () => {
  it('leaves out what is not installed, with the variables that are about it', () => {
    const { names, variables } = read(['tempo', 'pyroscope'])
    expect(names).toEqual(['catalog', 'tempo', 'pyroscope'])
    expect(variables('catalog')).toEqual(['PORT'])
    expect(read(['valkey']).variables('catalog')).toEqual(['CACHE_URL', 'PORT'])
  })

  it('runs a stand-in for what is absent, and only that half of it', () => {
    const { parts, variables } = read(['tempo'])
    expect(parts.inPlaceOf('pyroscope')?.service.name).toBe('store')
    expect(parts.inPlaceOf('tempo')?.service.name).toBe('tempo')
    expect(variables('store')).toEqual(['PYROSCOPE_PORT', 'HOST'])
    expect(read([]).variables('store')).toEqual(['TEMPO_PORT', 'OTLP_PORT', 'PYROSCOPE_PORT', 'HOST'])
  })

  it('runs no stand-in for what the files do not ask for', () => {
    const without = aModel(
      services.filter(({ name }) => name !== 'tempo' && name !== 'pyroscope'),
      ['tempo', 'pyroscope'],
    )
    const { names, parts } = read([], without)
    expect(names).toEqual(['catalog'])
    expect(parts.inPlaceOf('tempo')).toBeUndefined()
  })

  it('names the place of an image without a program, unless its profile is not asked for', () => {
    expect(() => read([], aModel([aService('x', { image: 'other' })]))).toThrow(
      /docker-compose\.yml:7: service x has the image other, for which no program is known.*kit, pyroscope/,
    )
    expect(read([]).names).not.toContain('apart')
  })
})

describe('argumentsOf', () => {
  it.each([
    [['/bin/prometheus'], ['/bin/prometheus', '/bin/promtool'], ['--x'], ['--x']],
    [[], ['/usr/bin/caddy'], ['caddy', 'run'], ['run']],
    [
      ['docker-entrypoint.sh'],
      ['/usr/local/bin/valkey-server'],
      ['valkey-server', '--port', '1'],
      ['--port', '1'],
    ],
    [['node'], [], ['services/gateway/src/main.ts'], ['services/gateway/src/main.ts']],
    [['/loki'], [], [], []],
  ])('of %j with %j and the command %j', (entrypoint, executables, command, expected) => {
    expect(argumentsOf(aService('x', { command }), image('x', { entrypoint, executables }))).toEqual(expected)
  })
})
