/**
 * Asks a registry for every tag of deploy/images.json, pulls the images, and compares what they do by themselves with
 * that file: `npm run compose:check`, or with arguments `npm run compose:check -- --help`.
 */
import { parseArgs } from 'node:util'
import { execa } from 'execa'
import { tagOf } from '../airgapped/src/image.ts'
import { imageMadeHere, type OfficialImage, officialImages } from '../airgapped/src/images.ts'
import {
  absence,
  type Checked,
  differences,
  parseInspect,
  type RegistryAnswer,
  refusal,
  verdict,
} from './compare.ts'

const HELP = `npm run compose:check -- [--local | --airgapped] [--image NAME]... [--list FILE] [--json]

  --local       compare what is on this machine; ask no registry and pull nothing
  --airgapped   compare what was made here (npm run airgap:build) instead of the official images
  --image NAME  only images whose name begins so; may be given more than once
  --list FILE   another list than deploy/images.json, such as one with the names of a mirror
  --json        print JSON instead of a table

Exit code 0: every tag is there and every image is as expected. 1: a tag is missing or an image differs.
2: wrong arguments. 3: not all could be asked and compared, as there is no client, engine or registry.`

/** Runs the client; what it wrote when it failed is in `refused`. */
async function docker(...args: string[]): Promise<{ stdout: string; refused?: string }> {
  const result = await execa('docker', args, { reject: false, stdin: 'ignore' })
  if (!result.failed) return { stdout: result.stdout }
  if (result.code === 'ENOENT') return { stdout: '', refused: 'there is no docker client on PATH' }
  return { stdout: '', refused: result.stderr }
}

async function askRegistry(reference: string): Promise<RegistryAnswer> {
  const { refused } = await docker('--log-level=debug', 'manifest', 'inspect', reference)
  return refused === undefined ? 'has it' : refusal(refused)
}

interface Subject {
  readonly name: string
  readonly image: string
  readonly tag: string
  readonly expected: OfficialImage
  readonly why?: string
}

async function check({ expected, ...subject }: Subject, { isAsked }: { isAsked: boolean }): Promise<Checked> {
  const reference = `${subject.image}:${subject.tag}`
  const registry = isAsked ? await askRegistry(reference) : 'not asked'
  let { stdout, refused } = await docker('image', 'inspect', reference)
  if (refused !== undefined && registry === 'has it') {
    const pulled = await docker('pull', '--quiet', reference)
    if (pulled.refused !== undefined) refused = pulled.refused
    else ({ stdout, refused } = await docker('image', 'inspect', reference))
  }
  if (refused !== undefined) return { ...subject, registry, local: absence(refused), differences: [] }
  const found = differences(expected, parseInspect(stdout))
  return { ...subject, registry, local: found.length === 0 ? 'as expected' : 'differs', differences: found }
}

/** An outcome without its reason, which comes below the table. */
const short = (outcome: string): string => outcome.split(':')[0] ?? ''

function print(all: readonly Checked[]): void {
  const rows = all.map(({ name, image, tag, registry, local, differences: { length } }) => [
    name,
    { image, tag, registry: short(registry), local: short(local), differences: length },
  ])
  console.table(Object.fromEntries(rows))
  for (const { name, local, differences: differing, why } of all) {
    for (const { of, expected, found } of differing) {
      console.log(`${name}: ${of} is "${found}", expected "${expected}"`)
    }
    if (why !== undefined && local !== 'not here')
      console.log(`${name}: differs from the official image on purpose: ${why}`)
  }
  const reasons = all
    .flatMap(({ registry, local }) => [registry, local])
    .filter((text) => text.includes(': '))
  for (const reason of new Set(reasons)) console.log(reason)
}

const CONCLUSIONS = {
  0: 'Everything that was asked is as expected.',
  1: 'Not everything is as expected.',
  3: 'Not all could be asked and compared.',
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      local: { type: 'boolean', default: false },
      airgapped: { type: 'boolean', default: false },
      image: { type: 'string', multiple: true, default: [''] },
      list: { type: 'string' },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  })
  if (values.help) return console.log(HELP)
  const images = officialImages(values.list)
  const subjects = Object.entries(images)
    .filter(([name]) => values.image.some((prefix) => name.startsWith(prefix)))
    .map(([name, expected]): Subject => {
      if (!values.airgapped) return { name, image: expected.image, tag: expected.version, expected }
      return { name, image: tagOf(name), tag: 'latest', ...imageMadeHere(name, images) }
    })
  if (subjects.length === 0) throw new Error(`no such image; there are ${Object.keys(images).join(', ')}`)
  const isAsked = !values.local && !values.airgapped
  const all: Checked[] = []
  for (const subject of subjects) all.push(await check(subject, { isAsked }))
  // who asks for what is here has not asked for the rest
  const code = verdict(isAsked ? all : all.filter(({ local }) => local !== 'not here'))
  process.exitCode = code
  if (values.json) return console.log(JSON.stringify(all, null, 2))
  print(all)
  console.log(CONCLUSIONS[code])
}

try {
  await main()
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  process.exitCode = 2
}
