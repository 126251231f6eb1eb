import { expect, test } from 'vitest'
import { type Drill, defineDrill } from './drill.ts'

const common = { shows: '', because: '', threshold: { above: 0 } }
const drill: Drill = {
  name: 'a-drill',
  title: '',
  teaches: '',
  load: { scenario: 'steady', rate: 1 },
  faults: [{ kind: 'sql', inject: [], undo: [] }],
  evidence: [
    { ...common, id: 'm', signal: 'metrics', promql: 'x', unit: 'ratio' },
    { ...common, id: 'l', signal: 'logs', logql: '{}' },
    { ...common, id: 't', signal: 'traces', traceql: '{}' },
    { ...common, id: 'p', signal: 'profiles', profileType: '', selector: '', frame: 'f' },
  ],
  objectives: ['catalog-latency'],
  cause: { service: 'catalog', span: '', statement: '', explanation: '', traceql: '' },
  redHerrings: [],
  recovery: { kind: 'returns' },
  protection: { title: '', explanation: '', price: '', without: [] },
  seconds: { baseline: 1, fault: 1, faultAtMost: 2, recoveryAtMost: 1, cure: 1 },
}

test('a sound drill is taken as it is', () => {
  expect(defineDrill(drill)).toBe(drill)
})

test.each([
  [{ name: 'A Drill' }, 'kebab case'],
  [{ evidence: [...drill.evidence, ...drill.evidence.slice(0, 1)] }, '"m" is there twice'],
  [{ evidence: drill.evidence.slice(0, 2) }, 'no evidence in traces'],
  [{ faults: [] }, 'no fault'],
  [{ seconds: { ...drill.seconds, fault: 3 } }, 'longer than at most'],
  [
    { evidence: drill.evidence.map((one) => (one.signal === 'profiles' ? { ...one, frame: '(' } : one)) },
    'not a regular expression',
  ],
])('a drill that could not be judged is refused (%#)', (change, reason) => {
  expect(() => defineDrill({ ...drill, ...change })).toThrow(reason)
})
