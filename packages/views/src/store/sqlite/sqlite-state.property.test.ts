import { type Driver, inTransaction } from '@inner-universe/sqlite'
import { openNodeDatabase } from '@inner-universe/sqlite/node'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { compareDatum, equalDatum } from '../../datum.ts'
import { MemoryState } from '../../memory-state.ts'
import type { Bag, Cells, Datum, OrderedBag, OrderTerm, StateStore } from '../../state.ts'
import { openSqliteState, type SqliteState } from './sqlite-state.ts'

const IDENTITY = { definitionHash: 'one', schemaVersion: 0 }
const ORDER: readonly OrderTerm<Row>[] = [
  { pick: (row) => row.at, isDescending: true },
  { pick: (row) => row.name, isDescending: false },
]

interface Row {
  readonly at: Datum
  readonly name: Datum
}

interface Pieces {
  readonly bag: Bag<Row>
  readonly ordered: OrderedBag<Row>
  readonly cells: Cells<Datum>
}

function piecesOf(store: StateStore): Pieces {
  return {
    bag: store.bag('one/rows'),
    ordered: store.orderedBag('two/rows', ORDER),
    cells: store.cells('three/values'),
  }
}

function memoryDriver(): Driver {
  return openNodeDatabase({ path: ':memory:', durability: 'process' })
}

const key = fc.constantFrom<Datum>(null, 1, 1n, 'a', 'A', ['a', 1], { a: 1 })
const row = fc.record<{ at: Datum; name: Datum }>({
  at: fc.oneof(fc.integer({ min: 0, max: 40 }), fc.constantFrom<Datum>(null, 2n ** 60n, 'text')),
  name: fc.constantFrom<Datum>('a', 'b', null),
})
const change = fc.record({
  key,
  row,
  weight: fc.integer({ min: -2, max: 3 }),
  value: fc.option(fc.oneof(row, fc.bigInt({ min: 0n, max: 3n })), { nil: undefined }),
  from: fc.integer({ min: 0, max: 3 }),
})
const step = fc.record({
  changes: fc.array(change, { maxLength: 60 }),
  end: fc.constantFrom('commit', 'commit', 'roll back', 'reopen'),
})

function dump(pieces: Pieces): unknown {
  const entries = (each: (onEntry: (...entry: Datum[]) => void) => void): Datum[] => {
    const all: Datum[] = []
    each((...entry) => all.push(entry))
    return all.sort(compareDatum)
  }
  return [
    entries((onEntry) => pieces.bag.eachEntry(onEntry)),
    entries((onEntry) => pieces.ordered.eachEntry(onEntry)),
    entries((onEntry) => pieces.cells.eachEntry(onEntry)),
  ]
}

function listed(bag: OrderedBag<Row>, of: Datum, from: number): Datum[] {
  const all: Datum[] = []
  bag.eachFrom(of, from, (each, weight) => {
    all.push([each, weight])
    return undefined
  })
  return all
}

function expectEqual(actual: unknown, expected: unknown): void {
  // By value: 1n is 1, and names come in order.
  if (!equalDatum(actual, expected)) expect(actual).toEqual(expected)
}

test('[VS5] [VS6] state in SQLite is what it is in memory, over commits, rollbacks and reopening', () => {
  fc.assert(
    fc.property(
      fc.array(step, { maxLength: 6 }),
      fc.constantFrom(1, 3, 100),
      (steps, cachedMax) => {
        const driver = memoryDriver()
        const open = (): SqliteState => openSqliteState({ driver, view: 'v', cachedMax })
        let state = open()
        let pieces = inTransaction(driver, () => {
          state.start(IDENTITY, 'ready')
          return piecesOf(state)
        })
        const committed: (readonly (typeof change extends fc.Arbitrary<infer C> ? C : never)[])[] =
          []
        for (const { changes, end } of steps) {
          const memory = piecesOf(new MemoryState())
          const apply = (to: Pieces, each: (typeof changes)[number]): Datum[] => [
            to.bag.add(each.key, each.row, each.weight),
            to.ordered.add(each.key, each.row, each.weight),
            to.bag.weight(each.key, each.row),
            to.bag.size(each.key),
            to.ordered.weight(each.key, each.row),
            to.ordered.size(each.key),
            to.cells.get(each.key),
            to.cells.set(each.key, each.value),
            to.cells.get(each.key),
            listed(to.ordered, each.key, each.from),
          ]
          for (const each of committed.flat()) apply(memory, each)
          driver.exec('BEGIN IMMEDIATE')
          for (const each of changes) expectEqual(apply(pieces, each), apply(memory, each))
          expectEqual(dump(pieces), dump(memory))
          if (end === 'roll back') {
            driver.exec('ROLLBACK')
            state.discard()
          } else {
            state.flush()
            driver.exec('COMMIT')
            committed.push(changes)
          }
          expect(state.verify()).toBe(true)
          if (end === 'reopen') {
            state = open()
            expect(state.isOf(IDENTITY)).toBe(true)
            pieces = piecesOf(state)
          }
        }
        driver.close()
      },
    ),
    { numRuns: 60 },
  )
})
