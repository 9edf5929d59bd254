import fc from 'fast-check'
import { expect, test } from 'vitest'
import * as Y from 'yjs'
import { type OpenDocument, openDocument } from './open-document.ts'
import { ManualTimers } from './testing/manual-timers.ts'
import { type MemoryHome, MemoryReplica, type RowsDelta } from './testing/memory-home.ts'

const ADDRESS = { table: 'note', row: 'r', document: 'body' }
const REPLICAS = [0, 1, 2] as const

type Step =
  | { readonly kind: 'insert'; readonly at: number; readonly text: string }
  | { readonly kind: 'delete'; readonly at: number; readonly count: number }
  | { readonly kind: 'bold'; readonly at: number; readonly count: number }
  | { readonly kind: 'set'; readonly key: string; readonly value: number }
  | { readonly kind: 'burst'; readonly count: number }
  | { readonly kind: 'advance'; readonly byMs: number }
  | { readonly kind: 'deliver'; readonly choice: number; readonly isKept: boolean }
  | { readonly kind: 'crash' | 'restart' | 'gap' | 'hide' }

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('insert' as const),
      at: fc.nat(200),
      text: fc.string({ unit: 'grapheme', minLength: 1, maxLength: 8 }),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('delete' as const),
      at: fc.nat(200),
      count: fc.integer({ min: 1, max: 12 }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('bold' as const),
      at: fc.nat(200),
      count: fc.integer({ min: 1, max: 12 }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('set' as const),
      key: fc.constantFrom('a', 'b'),
      value: fc.nat(99),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('burst' as const),
      count: fc.integer({ min: 40, max: 90 }),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('advance' as const),
      byMs: fc.constantFrom(10, 250, 3_000, 40_000),
    }),
  },
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant('deliver' as const),
      choice: fc.nat(1000),
      isKept: fc.boolean(),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constantFrom('crash' as const, 'restart' as const, 'gap' as const, 'hide' as const),
    }),
  },
)

/** Three replicas, the document open on each, and what is under way between them. */
class World {
  readonly timers = new ManualTimers()
  readonly replicas = REPLICAS.map((name) => new MemoryReplica(`${name}`))
  readonly homes: MemoryHome[] = []
  readonly documents: OpenDocument[] = []
  /** Every update whose append resolved, on any home there was. */
  readonly resolved: Uint8Array[][] = []
  readonly underWay: { readonly to: number; readonly delta: RowsDelta }[] = []

  async open(index: number): Promise<void> {
    const home = (this.replicas[index] as MemoryReplica).open()
    this.homes[index] = home
    this.resolved.push(home.resolved)
    this.documents[index] = await openDocument(home, ADDRESS, { setTimer: this.timers.setTimer })
  }

  async run(index: number, step: Step): Promise<void> {
    const home = this.homes[index] as MemoryHome
    const document = this.documents[index] as OpenDocument
    const text = document.doc.getText('content')
    const at = 'at' in step ? Math.min(step.at, text.length) : 0
    switch (step.kind) {
      case 'insert':
        text.insert(at, step.text)
        return
      case 'delete':
        text.delete(at, Math.min(step.count, text.length - at))
        return
      case 'bold':
        text.format(at, Math.min(step.count, text.length - at), { bold: true })
        return
      case 'set':
        document.doc.getMap('map').set(step.key, step.value)
        return
      case 'burst':
        for (let count = 0; count < step.count; count++) {
          text.insert(0, 'x')
          await document.flush()
        }
        return
      case 'advance':
        await this.timers.advance(step.byMs)
        return
      case 'deliver':
        this.deliver(step.choice, step.isKept)
        return
      case 'gap':
        home.gap()
        return
      case 'hide':
        for (const hide of home.hides) hide()
        return
      case 'restart':
        await document.close()
        await this.open(index)
        return
      case 'crash':
        home.end()
        await document.close().catch(() => undefined)
        await this.open(index)
        return
    }
  }

  /** Puts what replicas have done on its way to the others. */
  gather(): void {
    for (const [from, replica] of this.replicas.entries()) {
      for (const delta of replica.outgoing.splice(0)) {
        for (const to of REPLICAS) if (to !== from) this.underWay.push({ to, delta })
      }
    }
  }

  deliver(choice: number, isKept: boolean): void {
    this.gather()
    const index = choice % Math.max(1, this.underWay.length)
    const chosen = this.underWay[index]
    if (chosen === undefined) return
    if (!isKept) this.underWay.splice(index, 1)
    this.replicas[chosen.to]?.take(chosen.delta)
  }

  async settle(): Promise<void> {
    for (const document of this.documents) await document.flush()
    for (let round = 0; round < 4; round++) {
      await this.timers.advance(40_000)
      this.gather()
      for (const { to, delta } of this.underWay.splice(0).reverse()) this.replicas[to]?.take(delta)
    }
  }
}

function contentOf(doc: Y.Doc): unknown {
  return { text: doc.getText('content').toString(), map: doc.getMap('map').toJSON() }
}

test('[DU1] [DU2] [DU6] documents are equal, and equal to a plain one given what was saved', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(fc.constantFrom(...REPLICAS), step), { minLength: 10, maxLength: 120 }),
      async (steps) => {
        const world = new World()
        for (const index of REPLICAS) await world.open(index)
        for (const [index, one] of steps) await world.run(index, one)
        await world.settle()
        const plain = new Y.Doc()
        for (const update of world.resolved.flat()) Y.applyUpdate(plain, update)
        const expected = contentOf(plain)
        for (const document of world.documents) {
          expect(document.status).toEqual({ kind: 'saved', isComplete: true })
          expect(document.faults).toEqual([])
          expect(contentOf(document.doc)).toEqual(expected)
          expect(document.doc.getText('content').toDelta()).toEqual(
            plain.getText('content').toDelta(),
          )
        }
        for (const index of REPLICAS) {
          await world.documents[index]?.close()
          await world.open(index)
          expect(contentOf((world.documents[index] as OpenDocument).doc)).toEqual(expected)
          await world.documents[index]?.close()
        }
      },
    ),
    { numRuns: 60 },
  )
}, 120_000)
