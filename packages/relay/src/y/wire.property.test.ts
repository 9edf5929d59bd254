/** Whatever bytes come, they are read or refused, and nothing else happens. */
import { isUniverseError } from '@inner-universe/core'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import * as Y from 'yjs'
import { SharedAwareness } from './shared-awareness.ts'
import { checkUpdate } from './update-check.ts'
import { decodeNamed, decodePlain } from './wire.ts'

/** True when it ran; false when it was refused with one of the codes for that. */
function isTaken(run: () => unknown): boolean {
  try {
    run()
    return true
  } catch (error) {
    const codes = ['sync/protocol', 'call/too-large', 'document/invalid-update'] as const
    expect(codes.some((code) => isUniverseError(error, code))).toBe(true)
    return false
  }
}

/** Bytes that begin like messages more often than not. */
const bytes = fc.oneof(
  fc.uint8Array({ maxLength: 64 }),
  fc.array(fc.integer({ min: 0, max: 12 }), { maxLength: 24 }).map((list) => Uint8Array.from(list)),
)

test('[YC14] any bytes are a message or are refused', () => {
  fc.assert(
    fc.property(bytes, (given) => {
      isTaken(() => decodePlain(given))
      isTaken(() => decodeNamed(given))
    }),
    { numRuns: 2000 },
  )
})

test('[YC12] [YC14] any bytes are awareness states, which can be told on, or are refused', () => {
  fc.assert(
    fc.property(fc.array(bytes, { maxLength: 5 }), (all) => {
      const limits = { stateBytesMax: 32, clientsMax: 4 }
      const awareness = new SharedAwareness(limits)
      const follower = new SharedAwareness(limits)
      awareness.onChange((states) => follower.apply(awareness, states))
      for (const given of all) isTaken(() => awareness.apply({}, given))
      expect(follower.encode()).toEqual(awareness.encode())
      expect(awareness.states(() => true).length).toBeLessThanOrEqual(4)
    }),
    { numRuns: 500 },
  )
})

test('[YC9] an update that was damaged on its way is refused, or can be applied and told on', () => {
  const doc = new Y.Doc()
  const updates: Uint8Array[] = []
  doc.on('update', (update) => updates.push(update))
  doc.getText('content').insert(0, 'hello world')
  doc.getText('content').delete(2, 4)
  doc.getMap('m').set('key', { deep: [1, 'two', null] })
  doc.getArray('list').insert(0, [new Y.Map([['a', 1]]), 'x'])
  doc.getText('content').format(0, 3, { bold: true })
  const original = Y.mergeUpdates(updates)
  let takenCount = 0
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.nat(original.length - 1), fc.nat(255)), { minLength: 1, maxLength: 3 }),
      fc.integer({ min: 1, max: original.length }),
      (changes, length) => {
        const damaged = original.slice(0, length)
        for (const [at, value] of changes) if (at < length) damaged[at] = value
        if (!isTaken(() => checkUpdate(damaged))) return
        takenCount += 1
        const kept = new Y.Doc()
        Y.applyUpdate(kept, damaged)
        const told = new Y.Doc()
        Y.applyUpdate(told, Y.encodeStateAsUpdate(kept))
        expect(Y.encodeStateVector(told)).toEqual(Y.encodeStateVector(kept))
      },
    ),
    { numRuns: 3000 },
  )
  expect(takenCount).toBeGreaterThan(0)
})
