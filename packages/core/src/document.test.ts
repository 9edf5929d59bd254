import { describe, expect, test } from 'vitest'
import { checkModule } from './check-module.ts'
import { t } from './column.ts'
import { documentReducers } from './document-reducers.ts'
import { isUniverseError } from './error.ts'
import { defineModule } from './module.ts'
import { Table, type Tables, table } from './table.ts'

const id = t.id()
const body = t.richText()
const note = table({ id, body })

const moduleOf = (tables: Tables, reducer = 'add') =>
  defineModule({
    name: 'test',
    version: 1,
    tables,
    reducers: (define) => ({ [reducer]: define({}, () => null) }),
  })

function faultOf(tables: Tables, reducer?: string): string {
  try {
    checkModule(moduleOf(tables, reducer))
  } catch (error) {
    if (isUniverseError(error, 'module/invalid')) return error.message
    throw error
  }
  return ''
}

test('[DC1] documents stand beside the columns of a table', () => {
  const { definition } = table({ id, title: t.text(), body, board: t.jsonDoc(), steps: t.list() })
  expect(Object.keys(definition.columns)).toEqual(['id', 'title'])
  expect(definition.documents).toEqual({
    body: { kind: 'richText' },
    board: { kind: 'jsonDoc' },
    steps: { kind: 'list' },
  })
  expect(table({ id }).definition).not.toHaveProperty('documents')
})

test('[DC2] tables with documents have a hidden one beside them, and only those', () => {
  const { tables } = moduleOf({ note, tag: table({ id }) })
  expect(Object.keys(tables).sort()).toEqual(['note', 'note_document', 'tag'])
  expect(tables.note_document?.definition).toMatchObject({
    scope: 'synced',
    isAppendOnly: true,
    documentsOf: 'note',
    columns: { row: { kind: 'ref', table: 'note', onDelete: 'cascade' } },
    indexes: [{ columns: ['row', 'document'] }],
  })
  expect(faultOf({ note, tag: table({ id }) })).toBe('')
})

test('only modules with documents have reducers for them', () => {
  expect(Object.keys(documentReducers(moduleOf({ note }).tables))).toEqual([
    'document:append',
    'document:compact',
  ])
  expect(documentReducers({ tag: table({ id }) })).toEqual({})
})

describe('[DC3] a module is refused', () => {
  const others = table({ id, row: t.ref('note') })
  test.each<[what: string, tables: Tables, message: RegExp]>([
    ['for documents of a local table', { note: note.local() }, /of a local table cannot be/],
    ['for documents of a transient table', { note: note.transient() }, /of a transient table/],
    [
      'for two columns of one name',
      { note: table({ id, Body: t.text(), body }) },
      /one name to SQL/,
    ],
    ['for a bad name', { note: table({ id, 'a b': body }) }, /a name is letters/],
    ['for a document as a key', { note: table({ body }) }, /0 primary keys/],
    [
      'for a document in an index',
      { note: note.index('byBody', ['body' as 'id']) },
      /index "note.byBody" names column "body", which is a document/,
    ],
    [
      'for a search of a document',
      { note: note.search({ text: 'body' }) },
      /"body", which is a doc/,
    ],
    [
      'for a lens on a document',
      {
        note: table({
          id,
          body,
          n: t
            .int()
            .optional()
            .from<number>('body', { forward: (old) => old }),
        }),
      },
      /"note.n" follows from column "body", which is a document/,
    ],
    [
      'for a reference to the hidden table',
      { note, a: table({ id, b: t.ref('note_document') }) },
      /"a.b" refers to table "note_document", whose rows are the store's own/,
    ],
    ['for a table of its name', { note, note_document: others }, /the name of the one that holds/],
    ['for a table of nearly its name', { note, Note_Document: others }, /one name to SQL/],
    [
      'for a hidden table without its owner',
      { note: table({ id }), a: new Table({ ...others.definition, documentsOf: 'note' }) },
      /holds documents of "note", which has none/,
    ],
    [
      'for a document of another kind',
      { note: new Table({ ...note.definition, documents: { body: { kind: 'x' as 'list' } } }) },
      /unknown kind "x"/,
    ],
  ])('%s', (_what, tables, message) => {
    expect(faultOf(tables)).toMatch(message)
  })

  test('for a reducer by the name of one of the store’s', () => {
    expect(faultOf({ note }, 'document:append')).toMatch(/names in document: belong to the store/)
    expect(faultOf({ note }, 'documents')).toBe('')
  })
})
