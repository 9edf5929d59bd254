import type { RowDifference } from '@inner-universe/client'
import { expect, test } from 'vitest'
import { entityIdsOf, shownDifferencesOf } from './difference.ts'

const NO_NAMES = new Map<string, string>()

function entity(name: string, more: object = {}): NonNullable<RowDifference['before']> {
  return {
    id: 'dog',
    entity_type: 'noun',
    created_at: 1,
    updated_at: 1,
    owner: 'ana',
    revision: 1,
    metadata: { name, tags: [], properties: {}, ...more },
  } as NonNullable<RowDifference['before']>
}

const renamed: RowDifference = {
  table: 'entity',
  id: 'dog',
  kind: 'update',
  before: entity('dog', { description: 'it barks', properties: { legs: 4 } }),
  after: entity('hound', { description: 'it barks', tags: ['pet'], properties: { legs: 3 } }),
  columns: ['metadata', 'revision', 'updated_at'],
}

const relation: RowDifference = {
  table: 'relation',
  id: 'r',
  kind: 'insert',
  before: undefined,
  after: {
    id: 'r',
    from_entity: 'dog',
    to_entity: 'canine',
    relation_type: 'hypernym',
    created_at: 1,
    owner: 'ana',
    revision: 1,
    metadata: { strength: 1, bidirectional: false, tags: [], properties: {} },
  } as NonNullable<RowDifference['after']>,
  columns: [],
}

test('an entity is told by what a person changed of it, one by one', () => {
  const [shown] = shownDifferencesOf([renamed], NO_NAMES)
  expect(shown).toEqual({
    key: 'entity dog',
    kind: 'update',
    what: 'entity',
    title: 'hound',
    entityId: 'dog',
    fields: [
      { name: 'name', before: 'dog', after: 'hound' },
      { name: 'tags', before: 'none', after: 'pet' },
      { name: 'legs', before: '4', after: '3' },
    ],
  })
})

test('a row that came has no before, and one that went no after', () => {
  const came = { ...renamed, kind: 'insert', before: undefined, columns: [] } as const
  const fields = shownDifferencesOf([came], NO_NAMES)[0]?.fields ?? []
  expect(fields.toSorted((a, b) => (a.name < b.name ? -1 : 1))).toEqual([
    { name: 'description', before: undefined, after: 'it barks' },
    { name: 'entity_type', before: undefined, after: 'noun' },
    { name: 'legs', before: undefined, after: '3' },
    { name: 'tags', before: undefined, after: 'pet' },
  ])
  const went = { ...renamed, kind: 'delete', after: undefined, columns: [] } as const
  const [shown] = shownDifferencesOf([went], NO_NAMES)
  expect(shown?.title).toBe('dog')
  expect(shown?.fields.every(({ after }) => after === undefined)).toBe(true)
})

test('a relation is told by the names of its ends, which are looked up where they do not differ', () => {
  expect(entityIdsOf([renamed, relation])).toEqual(['canine'])
  const [, shown] = shownDifferencesOf([renamed, relation], new Map([['canine', 'canine']]))
  expect(shown?.title).toBe('hound → canine')
  expect(shown?.fields).toContainEqual({
    name: 'relation_type',
    before: undefined,
    after: 'hypernym',
  })
})

test('all that was written in one note is one difference', () => {
  const written = (id: string): RowDifference => ({
    table: 'entity_note_document',
    id,
    kind: 'insert',
    before: undefined,
    after: { id, row: 'dog', document: 'body', update: new Uint8Array(3), kind: 0, created: 1 },
    columns: [],
  })
  const differences = [written('1'), written('2')]
  expect(entityIdsOf(differences)).toEqual(['dog'])
  expect(shownDifferencesOf(differences, new Map([['dog', 'dog']]))).toMatchObject([
    { kind: 'update', what: 'note', title: 'Note on dog', entityId: 'dog' },
  ])
})

test('what the app notes beside is named as well', () => {
  const setting: RowDifference = {
    table: 'config',
    id: 'policy',
    kind: 'update',
    before: { key: 'policy', value: 'owner' },
    after: { key: 'policy', value: 'anyone' },
    columns: ['value'],
  }
  expect(shownDifferencesOf([setting], NO_NAMES)).toMatchObject([
    { what: 'setting', title: 'policy', fields: [{ before: 'owner', after: 'anyone' }] },
  ])
})
