import { execa } from 'execa'
import { tagOf } from '../../../airgapped/src/image.ts'
import { officialImage } from '../../../airgapped/src/images.ts'
import { REPOSITORY } from '../../rendered.ts'

const PULL_TIMEOUT_MS = 120_000

const docker = async (...args: string[]) =>
  !(await execa('docker', args, { reject: false, stdin: 'ignore', timeout: PULL_TIMEOUT_MS })).failed

/** Tag of an image of `deploy/images.json`: the official one where it can be had, else the one made here. */
export async function imageOf(name: string): Promise<string> {
  const { image, version } = officialImage(name)
  const official = `${image}:${version}`
  if ((await docker('image', 'inspect', official)) || (await docker('pull', '--quiet', official))) {
    return chosen(official)
  }
  if (!(await docker('image', 'inspect', tagOf(name)))) {
    await execa('npm', ['run', '--silent', 'airgap:build', '--', name], { cwd: REPOSITORY, stdin: 'ignore' })
  }
  return chosen(tagOf(name))
}

function chosen(tag: string): string {
  console.info(`image: ${tag}`)
  return tag
}
