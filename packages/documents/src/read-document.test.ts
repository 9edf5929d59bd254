import { DOCUMENT_UPDATE_KINDS } from '@inner-universe/core'
import { expect, test } from 'vitest'
import * as Y from 'yjs'
import { readDocument } from './read-document.ts'

const { update, checkpoint } = DOCUMENT_UPDATE_KINDS

/** Rows of a document that was written in two goes. */
function rowsOf(first: string, second: string) {
  const doc = new Y.Doc()
  doc.getText('content').insert(0, first)
  const whole = Y.encodeStateAsUpdateV2(doc)
  const vector = Y.encodeStateVector(doc)
  doc.getText('content').insert(first.length, second)
  return [
    { id: '1', update: whole, kind: checkpoint },
    { id: '2', update: Y.encodeStateAsUpdate(doc, vector), kind: update },
  ] as const
}

const textOf = (doc: Y.Doc): string => doc.getText('content').toString()

test('a document is read from its rows, whatever their kind and order', () => {
  const rows = rowsOf('one', ' two')
  expect(textOf(readDocument(rows))).toBe('one two')
  expect(textOf(readDocument(rows.toReversed()))).toBe('one two')
  expect(textOf(readDocument([]))).toBe('')
})

test('rows that hold no update are left out, the others are read', () => {
  const [first, second] = rowsOf('one', ' two')
  const bad = [
    { id: '3', update: Uint8Array.of(255, 255, 255, 255), kind: update },
    { id: '4', update: new Uint8Array(), kind: checkpoint },
    { id: '5', update: first.update, kind: 7 },
  ]
  expect(textOf(readDocument([...bad, first, second]))).toBe('one two')
  expect(textOf(readDocument([first, ...bad]))).toBe('one')
})
