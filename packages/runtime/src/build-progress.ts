import type { BuildProgress } from '@faultline/toolchain'

const seconds = (value: number): string => `${Math.round(value)} s`

/** What a build is doing, in one short line. */
export function describeBuild(progress: BuildProgress): string {
  switch (progress.phase) {
    case 'waiting':
      return 'another build runs first'
    case 'started':
      return `about ${seconds(progress.expectedSeconds)} on two idle cores`
    case 'downloading':
      return `${progress.modules} modules downloaded`
    case 'compiling':
      return [
        `${Math.round(progress.share * 100)} %`,
        `${progress.compiledPackages} of ${progress.totalPackages} packages`,
        `${seconds(progress.elapsedSeconds)} of about ${seconds(progress.expectedSeconds)}`,
      ].join(', ')
    case 'done':
      return `built in ${seconds(progress.elapsedSeconds)}`
  }
}
