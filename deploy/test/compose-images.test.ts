/** The images of docker-compose.yml, held to what deploy/images.json says of each. */
import { readFile } from 'node:fs/promises'
import { matchesGlob } from 'node:path'
import { binaryVersions } from '@faultline/toolchain'
import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { kitImage, type OfficialImage, officialImage, officialImages } from '../airgapped/src/images.ts'
import {
  AIR_GAPPED,
  KIT,
  mountedFiles,
  OVERLAYS,
  REPOSITORY,
  type RenderedService,
  rendered,
} from './rendered.ts'

const official = officialImages()

const tag = ({ image, version }: OfficialImage): string => `${image}:${version}`

/** Services that run on an official image, with what is known of it. */
async function onOfficialImages(): Promise<readonly (readonly [string, RenderedService, OfficialImage])[]> {
  return [...(await rendered())].flatMap(([name, service]) => {
    const known = Object.values(official).find((one) => tag(one) === service.image)
    return known === undefined ? [] : [[name, service, known] as const]
  })
}

/** Where a service may write: its volumes and what it has in memory. */
const writable = ({ volumes = [], tmpfs = [] }: RenderedService): readonly string[] => [
  ...volumes.filter(({ type }) => type === 'volume').map(({ target }) => target),
  ...tmpfs.map((mount) => mount.split(':')[0] ?? ''),
]

test('are pinned to the version that deploy/images.json describes', async () => {
  const pinned = new Set(Object.values(official).map(tag))
  const images = [...(await rendered()).values()].map(({ image }) => image).filter((image) => image !== KIT)
  expect(images.filter((image) => !pinned.has(image))).toEqual([])
  expect(await readFile(`${REPOSITORY}Dockerfile`, 'utf8')).toContain(
    `NODE_IMAGE=${tag(officialImage('node'))}`,
  )
})

test('have, or are given by the image of the kit, a folder of the right owner for each volume', async () => {
  const prepared = ((await rendered()).get('kit')?.volumes ?? []).map(({ source }) => source)
  const missing = (await onOfficialImages()).flatMap(([name, { volumes = [], user }, { directories }]) =>
    volumes
      .filter(({ type, source }) => type === 'volume' && !prepared.includes(source))
      .filter(({ target }) => {
        const folder = directories.find(({ path }) => path === target)
        return folder === undefined || !(folder.mode.endsWith('7') || folder.owner === user)
      })
      .map(({ target }) => `${name}: ${target}`),
  )
  expect(missing).toEqual([])
})

test('that differ from what is built without containers are known ones', () => {
  const built = binaryVersions()
  const differing = Object.entries(official)
    .filter(([name, { version }]) => name in built && built[name] !== version.replace(/^v/, ''))
    .map(([name, { version }]) => `${name}: image ${version}, built ${built[name]}`)
  expect(differing).toEqual([
    // tags that were seen in public are older than what the Go module proxy has
    'caddy: image 2.11.7, built 2.11.9',
    'nats: image 2.15.0, built 2.15.2',
    'prometheus: image v3.15.0, built 3.16.0',
    // newer releases of Toxiproxy are not in its Go module's path
    'toxiproxy: image 2.12.0, built 2.5.0',
  ])
})

test('of the air-gapped overlay are all made here, and never pulled', async () => {
  const services = await rendered([AIR_GAPPED])
  const others = [...services].filter(
    ([, { image, pull_policy, build }]) =>
      (image !== KIT && !image.startsWith('faultline-airgapped/')) ||
      pull_policy !== 'never' ||
      build !== undefined,
  )
  expect(others.map(([name]) => name)).toEqual([])
  expect(services.has('grafana')).toBe(false)
})

test('leave no volume without a name behind: what they declare is a volume of the file, or in memory', async () => {
  const services = await onOfficialImages()
  expect(services.flatMap(([, , { volumes }]) => volumes).length).toBeGreaterThan(4)
  const anonymous = services.flatMap(([name, service, { volumes }]) =>
    volumes.filter((path) => !writable(service).includes(path)).map((path) => `${name}: ${path}`),
  )
  expect(anonymous).toEqual([])
})

test('may write what they write, although their root is read-only', async () => {
  const services = await onOfficialImages()
  const refused = services.flatMap(([name, service, { writes }]) =>
    writes
      .filter((path) => !writable(service).some((mount) => `${path}/`.startsWith(`${mount}/`)))
      .map((path) => `${name}: ${path}`),
  )
  expect(refused).toEqual([])
})

test('are not relied on for how they stop and where their data is', async () => {
  const services = await onOfficialImages()
  const unsaid = services.flatMap(
    ([name, { stop_signal, environment = {} }, { stopSignal, environment: own = {} }]) => [
      ...(stop_signal === stopSignal ? [] : [`${name}: ${stopSignal}`]),
      ...Object.entries(own)
        .filter(([variable, value]) => variable.endsWith('DATA') && environment[variable] !== value)
        .map(([variable]) => `${name}: ${variable}`),
    ],
  )
  expect(unsaid).toEqual([])
  expect(services.find(([name]) => name === 'postgres')?.[1].environment).toHaveProperty('PGDATA')
})

test('Pyroscope compacts in its volume, in bounded memory', async () => {
  const { environment = {}, mem_limit } = (await rendered()).get('pyroscope') as RenderedService
  const { compaction_worker } = parse(
    await readFile(`${REPOSITORY}backends/pyroscope/pyroscope.yaml`, 'utf8'),
  )
  expect(compaction_worker.temp_dir).toMatch(/^\$\{PYROSCOPE_DATA_DIR:-[^}]+\}\//)
  expect(environment.PYROSCOPE_DATA_DIR).toBe('/data')
  expect(compaction_worker.job_capacity).toBe(1)
  const softLimitMib = Number(/^(\d+)MiB$/.exec(environment.GOMEMLIMIT ?? '')?.[1])
  expect(softLimitMib).toBeLessThan(Number(mem_limit) / 1024 ** 2)
})

test('have a program each where there are no containers; one that is not built for them runs only if installed', async () => {
  const known = [...Object.values(official), kitImage()]
  const images = new Set([...(await rendered()).values()].map(({ image }) => image))
  const programs = known
    .filter(({ image, version }) => images.has(`${image}:${version}`))
    .flatMap(({ program }) => program ?? [])
  expect(programs).toHaveLength(images.size)
  const absent = (binary: string | undefined): boolean =>
    binary !== undefined && binary !== 'node' && !(binary in binaryVersions())
  // whoever asks for Alertmanager is told that it is missing
  const notBuilt = programs.filter(({ binary }) => absent(binary) && binary !== 'alertmanager')
  expect(notBuilt.length).toBeGreaterThan(3)
  expect(programs.filter(({ optional }) => optional)).toEqual(notBuilt)
})

test('are given addresses in files only where plain processes are given other ones', async () => {
  const variants = await Promise.all(Object.values(OVERLAYS).map((overlays) => rendered(overlays)))
  const names = [...(variants[0]?.keys() ?? [])].join('|')
  const address = new RegExp(`\\b(?<![\\w.-])(?:${names}|0\\.0\\.0\\.0):\\d+\\b`)
  const withAddresses = variants.flatMap((services) =>
    [...services].flatMap(([name, service]) => {
      const known = Object.values(official).find((one) => tag(one) === service.image)
      return mountedFiles(service)
        .filter(({ text }) => known !== undefined && address.test(text))
        .map(({ inContainer }) => ({ name, inContainer, patterns: known?.rewrites ?? [] }))
    }),
  )
  expect(
    withAddresses.filter(
      ({ inContainer, patterns }) => !patterns.some((one) => matchesGlob(inContainer, one)),
    ),
  ).toEqual([])
  const idle = Object.values(official)
    .flatMap(({ rewrites = [] }) => rewrites)
    .filter((pattern) => !withAddresses.some(({ inContainer }) => matchesGlob(inContainer, pattern)))
  expect(idle).toEqual([])
})

test('of the kit is made as deploy/images.json says', async () => {
  const { entrypoint, workdir, environment } = kitImage()
  const last =
    (await readFile(`${REPOSITORY}Dockerfile`, 'utf8'))
      .split(/^FROM /m)
      .at(-1)
      ?.split('\n') ?? []
  expect(last).toEqual(
    expect.arrayContaining([
      `WORKDIR ${workdir}`,
      `ENTRYPOINT ${JSON.stringify(entrypoint)}`,
      ...Object.entries(environment).map(([name, value]) => `ENV ${name}=${value}`),
    ]),
  )
})

test('are named with their registry, which not every engine guesses', async () => {
  const services = [...(await rendered())].filter(([, { image }]) => image !== KIT)
  expect(services.filter(([, { image }]) => !/^[a-z0-9-]+(\.[a-z0-9-]+)+\//.test(image))).toEqual([])
})
