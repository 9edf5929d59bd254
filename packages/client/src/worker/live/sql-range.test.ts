import { type QueryValue, t, table } from '@inner-universe/core'
import { expect, test } from 'vitest'
import { sqlRangeOf } from './sql-range.ts'

const { definition } = table({
  id: t.key(),
  title: t.text(),
  rank: t.int().optional(),
  done: t.bool(),
  data: t.json(),
})
const rangeOf = (text: string, ...params: QueryValue[]) =>
  sqlRangeOf(text, params, 'todo', definition)
const row = { id: 'a', title: 'Milk', rank: 5, done: false, data: { n: 1 } }

test.each([
  ['select * from todo where rank = 5', [], 'rank = 5'],
  [
    'SELECT count(*) FROM "todo" AS t WHERE t.Rank >= ? AND title = ?',
    [3, 'x'],
    'rank >= 3 and title = "x"',
  ],
  ['select 1 from todo where ?2 < rank and done = ?1', [true, 1], 'rank > 1 and done = 1'],
  [
    "select 1 from todo where rank between -1 and 2 and title like 'a%' order by 1",
    [],
    'rank >= -1 and rank <= 2',
  ],
  ["select 1 from todo t where title = 'it''s' group by rank limit 5;", [], `title = "it's"`],
  ['select 1 from todo where (rank = 1 or rank = 2) and done = 0 -- comment', [], 'done = 0'],
])('%s reads only %s %s', (text, params, description) => {
  expect(rangeOf(text, ...params)?.description).toBe(description)
})

test.each([
  'select * from todo',
  'select * from todo where rank = 1 or title = 2',
  'select * from todo where not rank = 1',
  'select * from todo where rank + 1 = 5',
  'select * from todo where rank = 1 collate nocase',
  'select * from todo, visit where rank = 1',
  'select * from todo join visit on 1 where rank = 1',
  'select * from todo where rank = (select 1)',
  'with x as (select 1) select * from todo where rank = 1',
  'select * from todo where rank = 1 union select * from todo',
  "select * from todo where data = '1'",
  'select * from todo where rank = 9007199254740993',
  'select * from todo where rank = ?',
  'select * from todo where rank = title',
  'select * from todo where case rank when 1 then 1 end',
  'select * from (select * from todo) where rank = 1',
])('%s may read any row', (text) => {
  expect(rangeOf(text)).toBeUndefined()
})

test('a row is out when it surely fails a condition', () => {
  const range = rangeOf('select 1 from todo where rank > ?1 and done = ?2', 4, false)
  expect(range?.mayHold(row)).toBe(true)
  expect(range?.mayHold({ ...row, rank: 4 })).toBe(false)
  expect(range?.mayHold({ ...row, done: true })).toBe(false)
  // What SQL does with these is left to it.
  expect(range?.mayHold({ ...row, rank: null })).toBe(true)
  expect(rangeOf("select 1 from todo where rank > '4'")?.mayHold({ ...row, rank: 1 })).toBe(true)
})
