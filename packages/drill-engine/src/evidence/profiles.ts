import type { FlameGraph, FlameNode } from '@faultline/backends-client'
import type { ProfileEvidence } from '../drill.ts'
import type { Answer, Window } from './answer.ts'

type ProfileAnswer = Extract<Answer, { signal: 'profiles' }>

/** Growth from nothing at all: as good as endless, but a number that JSON can hold. */
const FROM_NOTHING = 1_000_000

/** Value of the functions that match, with what they call; nested ones are not counted twice. */
export function frameTotal(node: FlameNode, frame: RegExp): number {
  if (frame.test(node.name)) return node.total
  return node.children.reduce((sum, child) => sum + frameTotal(child, frame), 0)
}

/** Undefined where nothing was profiled: then nothing is known of the function either. */
export function profileValue(
  { graph, window, before }: Pick<ProfileAnswer, 'graph' | 'window' | 'before'>,
  { frame, measure }: Pick<ProfileEvidence, 'frame' | 'measure'>,
): number | undefined {
  const pattern = new RegExp(frame)
  if (graph.total === 0) return undefined
  const during = frameTotal(graph.root, pattern)
  if (measure === 'share') return during / graph.total
  if (before === undefined || before.graph.total === 0) return undefined
  const rate = during / seconds(window)
  const rateBefore = frameTotal(before.graph.root, pattern) / seconds(before.window)
  if (rateBefore === 0) return rate === 0 ? 0 : FROM_NOTHING
  return rate / rateBefore
}

const seconds = ({ startMs, endMs }: Window): number => (endMs - startMs) / 1000

/** A function in two flame graphs, in value a second of each. */
export interface FlameDifference {
  readonly name: string
  readonly during: number
  readonly before: number
  readonly children: readonly FlameDifference[]
}

/** Lays two flame graphs over each other, path by path. */
export function flameDifference(
  during: { readonly graph: FlameGraph; readonly window: Window },
  before: { readonly graph: FlameGraph; readonly window: Window } | undefined,
): FlameDifference {
  const perSecond = seconds(during.window)
  const perSecondBefore = before === undefined ? 1 : seconds(before.window)
  const merge = (a: FlameNode | undefined, b: FlameNode | undefined, name: string): FlameDifference => {
    const names = new Set([...(a?.children ?? []), ...(b?.children ?? [])].map((child) => child.name))
    const named = (node: FlameNode | undefined, wanted: string) =>
      node?.children.find((child) => child.name === wanted)
    return {
      name,
      during: (a?.total ?? 0) / perSecond,
      before: (b?.total ?? 0) / perSecondBefore,
      children: [...names].map((child) => merge(named(a, child), named(b, child), child)),
    }
  }
  return merge(during.graph.root, before?.graph.root, 'total')
}
