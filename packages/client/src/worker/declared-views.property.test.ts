import { openNodeDatabase } from '@inner-universe/sqlite/node'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  BOARD_VIEWS,
  type BoardCall,
  type BoardsEngine,
  openBoards,
} from '../testing/boards-engine.ts'

const key = fc.constantFrom('a', 'b', 'c', 'd', 'e', '\u{1f600}', '~', '[z]~1')
const project = fc.constantFrom('p1', 'p2', 'p3')
const text = fc.constantFrom('', 'x', 'X', 'a longer text', '\u{1f600}', '0')

const call: fc.Arbitrary<BoardCall> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc
      .record(
        {
          key,
          project,
          title: text,
          // Sums of these are exact in SQLite too.
          points: fc.constantFrom(0, 0.25, 1, -3, 1e6),
          done: fc.boolean(),
          owner: text,
        },
        { requiredKeys: ['key'] },
      )
      .map((args) => ['putTodo', args] as const),
  },
  { weight: 3, arbitrary: fc.record({ key }).map((args) => ['removeTodo', args] as const) },
  {
    weight: 2,
    arbitrary: fc.record({ key: project, name: text }).map((args) => ['putProject', args] as const),
  },
  fc.record({ key: project }).map((args) => ['removeProject', args] as const),
  fc.record({ key, text }).map((args) => ['draft', args] as const),
  fc.record({ key }).map((args) => ['failAfterWriting', args] as const),
)

type Step =
  | { readonly kind: 'commit'; readonly calls: readonly BoardCall[] }
  | { readonly kind: 'reopen' }
  | { readonly kind: 'exchange' }

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc
      .array(call, { minLength: 1, maxLength: 5 })
      .map((calls) => ({ kind: 'commit', calls }) as const),
  },
  fc.constant({ kind: 'reopen' } as const),
  fc.constant({ kind: 'exchange' } as const),
)

function expectRight({ compare, faults }: BoardsEngine): void {
  for (const view of BOARD_VIEWS) {
    const { kept, computed } = compare(view)
    expect([view, kept]).toEqual([view, computed])
  }
  expect(faults).toEqual([])
}

/** All deltas of one, applied by the other. */
function exchange(from: BoardsEngine, to: BoardsEngine): void {
  for (const { stream } of from.engine.streamHeads()) {
    const log = from.engine.readLog(stream, 1, 1e7)
    to.engine.apply(log.map(({ bytes }) => bytes))
  }
}

const RUNS = Number(process.env.VIEW_RUNS ?? 25)
const TIMEOUT_MS = 20_000 + RUNS * 1_000

test(
  '[VD1] views of two replicas are what their queries say, whatever is called, merged and reopened',
  () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(1), step), { maxLength: 25 }), (steps) => {
        const drivers = [1, 2].map(() =>
          openNodeDatabase({ path: ':memory:', durability: 'process' }),
        )
        let seed = 10
        const open = (at: number) => openBoards({ driver: drivers[at] as never, seed: seed++ })
        const replicas = [open(0), open(1)]
        for (const [at, one] of steps) {
          if (one.kind === 'reopen') replicas[at] = open(at)
          else if (one.kind === 'commit') replicas[at]?.commit(...one.calls)
          else exchange(replicas[1 - at] as BoardsEngine, replicas[at] as BoardsEngine)
          expectRight(replicas[at] as BoardsEngine)
        }
        for (const { engine } of replicas) {
          expect(engine.verify()).toEqual([])
          const states = engine.viewStates()
          expect(states.map((state) => state.kind === 'ready' && state.fedRows)).toEqual(
            states.map(() => 0),
          )
          engine.close()
        }
      }),
      { numRuns: RUNS },
    )
  },
  TIMEOUT_MS,
)
