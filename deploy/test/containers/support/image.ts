import { execa } from 'execa'
import { tagOf } from '../../../airgapped/src/image.ts'
import { officialImage } from '../../../airgapped/src/images.ts'
import { REPOSITORY } from '../../rendered.ts'

const PULL_TIMEOUT_MS = 120_000

const docker = async (...args: string[]) =>
  !(await execa('docker', args, { reject: false, stdin: 'ignore', timeout: PULL_TIMEOUT_MS })).failed

/** The image of what is the kit's own, which has no official one. */
const KIT = 'kit'

/** Tag of an image of `deploy/images.json`: the official one where it can be had, else the one made here. */
export async function imageOf(name: string): Promise<string> {
  return chosen(name === KIT ? await madeHere(KIT) : ((await official(name)) ?? (await madeHere(name))))
}

async function official(name: string): Promise<string | undefined> {
  const { image, version } = officialImage(name)
  const tag = `${image}:${version}`
  return (await docker('image', 'inspect', tag)) || (await docker('pull', '--quiet', tag)) ? tag : undefined
}

async function madeHere(name: string): Promise<string> {
  if (!(await docker('image', 'inspect', tagOf(name)))) {
    await execa('npm', ['run', '--silent', 'airgap:build', '--', name], { cwd: REPOSITORY, stdin: 'ignore' })
  }
  return tagOf(name)
}

function chosen(tag: string): string {
  console.info(`image: ${tag}`)
  return tag
}
