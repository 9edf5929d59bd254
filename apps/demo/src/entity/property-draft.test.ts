import { expect, test } from 'vitest'
import { draftsOf, propertiesOfDrafts } from './property-draft.ts'

test('properties come back as they were, whatever their type', () => {
  const properties = {
    words: 'plain words',
    digits: '12',
    number: 12,
    list: ['a', 1],
    nothing: null,
    quoted: '"x"',
    empty: '',
  }
  expect(propertiesOfDrafts(draftsOf(properties))).toEqual(properties)
})

test('words are text, JSON is JSON, and a line without a name is not a property', () => {
  expect(
    propertiesOfDrafts([
      { key: '1', name: ' colour ', text: 'dark red' },
      { key: '2', name: 'age', text: '7' },
      { key: '3', name: '', text: 'lost' },
    ]),
  ).toEqual({ colour: 'dark red', age: 7 })
})
