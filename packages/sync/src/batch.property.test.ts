import { isUniverseError } from '@inner-universe/core'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decodeBatchHeader, encodeBatchHeader, sealBatch, verifyBatch } from './batch.ts'
import { mutated, unsealedDeltas } from './testing/message-arbitraries.ts'

const sealed = unsealedDeltas.map((deltas) => sealBatch(deltas))

describe('batches', () => {
  it('[BA1] [BA7] whatever is sealed is read and found sound', () => {
    fc.assert(
      fc.property(unsealedDeltas, (deltas) => {
        const batch = sealBatch(deltas)
        const { content, ...facts } = deltas
        const read = verifyBatch(batch.header, content)
        expect(read.header).toMatchObject({
          stream: facts.stream,
          firstSeq: facts.firstSeq,
          deltaCount: facts.deltaCount,
          previous: facts.previous,
          base: facts.base,
          firstHlc: facts.firstHlc,
          lastHlc: facts.lastHlc,
          schemaVersion: facts.schemaVersion,
          origins: facts.origins,
        })
        expect(read.batch).toEqual(batch)
        expect(read.deltas).toHaveLength(deltas.deltaCount)
      }),
      { numRuns: 500 },
    )
  })

  it('[BA1] [BA8] changed headers are refused or have no other encoding', () => {
    fc.assert(
      fc.property(mutated(sealed.map(({ header }) => header)), (bytes) => {
        try {
          expect(encodeBatchHeader(decodeBatchHeader(bytes))).toEqual(bytes)
        } catch (error) {
          if (!isUniverseError(error, 'sync/protocol')) throw error
        }
      }),
      { numRuns: 3000 },
    )
  })

  it('[BA8] a batch with changed bytes is refused or has another hash', () => {
    const outcomes = { refused: 0, other: 0 }
    const change = fc.record({
      batch: sealed,
      isInHeader: fc.boolean(),
      at: fc.nat(2 ** 16),
      flip: fc.integer({ min: 1, max: 255 }),
    })
    fc.assert(
      fc.property(change, ({ batch, isInHeader, at, flip }) => {
        const header = batch.header.slice()
        const content = batch.content.slice()
        const changed = isInHeader ? header : content
        const index = at % changed.length
        changed[index] = (changed[index] as number) ^ flip
        try {
          expect(verifyBatch(header, content).batch.hash).not.toBe(batch.hash)
          outcomes.other += 1
        } catch (error) {
          if (!isUniverseError(error, 'sync/protocol')) throw error
          outcomes.refused += 1
        }
      }),
      { numRuns: 2000 },
    )
    expect(outcomes.refused).toBeGreaterThan(100)
    expect(outcomes.other).toBeGreaterThan(100)
  })

  it('[BA8] cut and spliced batches are refused or have another hash', () => {
    fc.assert(
      fc.property(
        sealed,
        mutated(sealed.map(({ header }) => header)),
        mutated(sealed.map(({ content }) => content)),
        (batch, header, content) => {
          for (const [withHeader, withContent] of [
            [header, batch.content],
            [batch.header, content],
          ] as const) {
            try {
              const { batch: read } = verifyBatch(withHeader, withContent)
              expect(read.header).toBe(withHeader)
              expect(read.content).toBe(withContent)
            } catch (error) {
              if (!isUniverseError(error, 'sync/protocol')) throw error
            }
          }
        },
      ),
      { numRuns: 1500 },
    )
  })
})
