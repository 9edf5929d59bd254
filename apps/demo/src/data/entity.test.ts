import { expect, test } from 'vitest'
import { glossOf } from './entity.ts'

test('a gloss parts into definition and examples', () => {
  expect(glossOf('a member of the genus Canis; occurs in many breeds; "the dog barked"')).toEqual({
    definition: 'a member of the genus Canis; occurs in many breeds',
    examples: ['the dog barked'],
  })
  expect(glossOf('in a quick manner; "run fast"; "run, rabbit, run!" - J. Updike')).toEqual({
    definition: 'in a quick manner',
    examples: ['run fast', 'run, rabbit, run! - J. Updike'],
  })
})

test('a description of one’s own is all definition', () => {
  expect(glossOf('my "best" friend')).toEqual({ definition: 'my "best" friend', examples: [] })
  expect(glossOf('')).toEqual({ definition: '', examples: [] })
})
