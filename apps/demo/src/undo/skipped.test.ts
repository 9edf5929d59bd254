import { expect, test } from 'vitest'
import { sentenceOfSkipped, skippedRowsOf } from './skipped.ts'

test('the cells of one row are one thing to tell, and what a person did not write is none', () => {
  const changed = { table: 'entity', id: 'dog', why: 'changed' } as const
  expect(
    skippedRowsOf([
      { ...changed, column: 'metadata' },
      { ...changed, column: 'revision' },
      { ...changed, id: 'cat', column: 'updated_at' },
      { table: 'relation', id: 'r', column: null, why: 'deleted' },
      { table: 'event_log', id: 'e', column: null, why: 'deleted' },
    ]),
  ).toEqual([changed, { table: 'relation', id: 'r', why: 'deleted' }])
})

test('what is there is named', () => {
  const row = { table: 'entity', id: 'dog', why: 'changed' } as const
  expect(sentenceOfSkipped(row, 'hound')).toBe(
    '“hound” was changed by somebody else since, and stays as it is.',
  )
  expect(sentenceOfSkipped({ ...row, table: 'relation', why: 'deleted' }, undefined)).toBe(
    'A relation was deleted by somebody else since, and stays deleted.',
  )
})
