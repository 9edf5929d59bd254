import { expect, test } from 'vitest'
import { sentenceOfConflict, tellingOf } from './outcome.ts'

test('the cells of one row are one thing to tell, and what a person did not write is none', () => {
  const metadata = { table: 'entity', id: 'dog', column: 'metadata' }
  const whole = { table: 'relation', id: 'r', column: null }
  expect(
    tellingOf([
      { ...metadata, column: 'revision' },
      metadata,
      { ...metadata, column: 'entity_type' },
      { ...metadata, id: 'cat', column: 'updated_at' },
      whole,
      { table: 'event_log', id: 'e', column: null },
    ]),
  ).toEqual([metadata, whole])
})

test('a conflict says which side stands', () => {
  const conflict = { table: 'entity', id: 'dog', column: 'metadata', why: 'changed' } as const
  expect(sentenceOfConflict({ ...conflict, taken: 'a' })).toContain('the present says stands')
  expect(sentenceOfConflict({ ...conflict, taken: 'b' })).toContain('the branch says stands')
  expect(sentenceOfConflict({ ...conflict, column: null, why: 'deleted', taken: 'b' })).toBe(
    'the branch deleted what the present changed; it is deleted.',
  )
})
