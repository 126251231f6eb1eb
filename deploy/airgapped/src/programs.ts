import { copyFile, mkdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { type BinaryName, resolveBinary } from '@faultline/toolchain'
import { buildImage, layBase } from './image.ts'
import { imageMadeHere } from './images.ts'

/** Programs that the kit builds, statically linked, so that an image needs nothing else. Image name and binary. */
const PROGRAMS: Readonly<Record<string, readonly BinaryName[]>> = {
  caddy: ['caddy'],
  collector: ['collector'],
  k6: ['k6'],
  loki: ['loki'],
  nats: ['nats'],
  prometheus: ['prometheus', 'promtool'],
  toxiproxy: ['toxiproxy'],
}

export const programNames: readonly string[] = Object.keys(PROGRAMS)

/** Makes the image of a Go program, with the program where the official image has it. */
export async function buildProgram(name: string, folder: string): Promise<void> {
  const { expected: image } = imageMadeHere(name)
  const root = join(folder, 'rootfs')
  await layBase(root)
  const binaries = PROGRAMS[name] ?? []
  for (const [index, binary] of binaries.entries()) {
    const path = image.executables[index]
    if (path === undefined) throw new Error(`deploy/images.json does not say where ${name} has ${binary}`)
    const { path: source } = await resolveBinary(binary)
    await mkdir(dirname(join(root, path)), { recursive: true })
    await copyFile(source, join(root, path))
  }
  await buildImage(name, folder, image)
}
