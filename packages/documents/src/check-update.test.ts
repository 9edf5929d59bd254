import fc from 'fast-check'
import * as encoding from 'lib0/encoding'
import { describe, expect, test } from 'vitest'
import * as Y from 'yjs'
import { checkUpdate } from './check-update.ts'
import { openDocument } from './open-document.ts'
import { ManualTimers } from './testing/manual-timers.ts'
import { MemoryReplica } from './testing/memory-home.ts'

const ADDRESS = { table: 'note', row: 'r', document: 'body' }

/** A document with something of everything. */
function sample(client: number): Y.Doc {
  const doc = new Y.Doc()
  doc.clientID = client
  const text = doc.getText('content')
  text.insert(0, 'Hello wörld 😀')
  text.format(2, 4, { bold: true })
  text.insertEmbed(3, { image: 'x' })
  text.delete(5, 3)
  const map = doc.getMap('map')
  map.set('a', { deep: [1, 'two', null] })
  map.set('a', 2)
  map.set('bytes', Uint8Array.of(1, 2, 3))
  const array = new Y.Array()
  map.set('array', array)
  array.push([1, 2, 3])
  const element = new Y.XmlElement('p')
  doc.getXmlFragment('xml').insert(0, [element])
  element.setAttribute('class', 'big')
  return doc
}

function refusal(update: Uint8Array, kind = 0): unknown {
  try {
    checkUpdate(update, kind)
    return undefined
  } catch (error) {
    return error
  }
}

/** An update in the first format with one struct. */
function oneStruct(write: (encoder: encoding.Encoder) => void, clock = 0, client = 5): Uint8Array {
  const encoder = encoding.createEncoder()
  for (const value of [1, 1, client, clock]) encoding.writeVarUint(encoder, value)
  write(encoder)
  encoding.writeVarUint(encoder, 0)
  return encoding.toUint8Array(encoder)
}

describe('what is checked', () => {
  test('[DU7] everything that Yjs writes passes, in both formats', () => {
    const doc = sample(7)
    expect(refusal(Y.encodeStateAsUpdate(doc), 0)).toBeUndefined()
    expect(refusal(Y.encodeStateAsUpdateV2(doc), 1)).toBeUndefined()
    expect(refusal(Y.encodeStateAsUpdate(new Y.Doc()), 0)).toBeUndefined()
  })

  test('[DU7] a few bytes that unfold to millions of structs are refused soon', () => {
    // Structs without content, all of one kind and length: runs in Yjs's second format.
    const update = new Y.UpdateEncoderV2()
    const structCount = 2 ** 40
    encoding.writeVarUint(update.restEncoder, 1)
    encoding.writeVarUint(update.restEncoder, structCount)
    update.writeClient(1)
    encoding.writeVarUint(update.restEncoder, 0)
    for (let index = 0; index < 3; index++) {
      update.writeInfo(0)
      update.writeLen(1)
    }
    encoding.writeVarUint(update.restEncoder, 0)
    const bytes = update.toUint8Array()
    expect(bytes.length).toBeLessThan(100)
    expect(refusal(bytes, 1)).toMatchObject({ code: 'document/invalid-update' })
  })

  test.each<readonly [string, Uint8Array]>([
    ['no bytes', new Uint8Array()],
    ['no length', oneStruct((encoder) => writeAll(encoder, [0, 0]))],
    [
      'a reference to a later struct of its own client',
      oneStruct((encoder) => {
        encoding.writeUint8(encoder, 0x80 | 4)
        writeAll(encoder, [5, 9])
        encoding.writeVarString(encoder, 'x')
      }),
    ],
    ['a clock beyond all numbers', oneStruct((encoder) => writeAll(encoder, [0, 10]), 2 ** 53 - 5)],
    [
      'values nested without end',
      oneStruct((encoder) => {
        encoding.writeUint8(encoder, 8)
        writeAll(encoder, [1])
        encoding.writeVarString(encoder, 'content')
        writeAll(encoder, [1])
        for (let depth = 0; depth < 200; depth++)
          encoding.writeUint8Array(encoder, Uint8Array.of(117, 1))
        encoding.writeUint8(encoder, 126)
      }),
    ],
  ])('[DU7] %s is refused', (_name, update) => {
    expect(refusal(update)).toMatchObject({ code: 'document/invalid-update' })
  })
})

function writeAll(encoder: encoding.Encoder, values: readonly number[]): void {
  for (const value of values) encoding.writeVarUint(encoder, value)
}

test('[DU7] damaged bytes never throw out of a document, nor harm what others write', async () => {
  const valid = [0, 1].flatMap((kind) =>
    [7, 8].map((client) => ({
      kind,
      bytes:
        kind === 0
          ? Y.encodeStateAsUpdate(sample(client))
          : Y.encodeStateAsUpdateV2(sample(client)),
    })),
  )
  const damaged = fc
    .tuple(
      fc.constantFrom(...valid),
      fc.array(fc.tuple(fc.nat(2000), fc.nat(255)), { minLength: 1, maxLength: 6 }),
      fc.option(fc.nat(2000), { nil: undefined }),
    )
    .map(([{ kind, bytes }, changes, length]) => {
      const update = bytes.slice(0, length === undefined ? bytes.length : length % bytes.length)
      for (const [at, byte] of changes) if (update.length > 0) update[at % update.length] = byte
      return { kind, update }
    })
  await fc.assert(
    fc.asyncProperty(fc.array(damaged, { minLength: 1, maxLength: 8 }), async (rows) => {
      const replica = new MemoryReplica('a')
      const { setTimer } = new ManualTimers()
      const document = await openDocument(replica.open(), ADDRESS, { setTimer })
      const text = document.doc.getText('mine')
      for (const { kind, update } of rows) {
        replica.insert(ADDRESS, update, kind)
        text.insert(0, 'x')
        await document.flush()
      }
      for (const { code } of document.faults) expect(code).toBe('document/invalid-update')
      // It can be encoded and read anew, with all that was written here.
      const copy = new Y.Doc()
      Y.applyUpdateV2(copy, Y.encodeStateAsUpdateV2(document.doc))
      const again = await openDocument(replica.open(), ADDRESS, { setTimer })
      expect(again.faults.length).toBe(document.faults.length)
      expect(again.doc.getText('mine').toString()).toBe('x'.repeat(rows.length))
      expect(copy.getText('mine').toString()).toBe('x'.repeat(rows.length))
      await document.close()
      await again.close()
    }),
    { numRuns: 300 },
  )
}, 120_000)
