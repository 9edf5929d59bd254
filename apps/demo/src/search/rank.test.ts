import { expect, test } from 'vitest'
import { rankByName } from './rank.ts'

test('the entity of that name comes first, then names that begin so, then the store’s order', () => {
  const lines = ['poodle', 'hot dog', 'dogfish', 'Dog', 'puppy'].map((name) => ({
    id: name,
    type: 'noun',
    name,
    description: '',
  }))
  expect(rankByName(lines, 'dog').map((line) => line.name)).toEqual([
    'Dog',
    'dogfish',
    'hot dog',
    'poodle',
    'puppy',
  ])
})
