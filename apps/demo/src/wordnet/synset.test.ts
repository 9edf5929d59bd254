import { expect, test } from 'vitest'
import { keyOfLine, parseSynset } from './synset.ts'

test('a noun: words with spaces, pointers between synsets and between words', () => {
  const line =
    '00002137 03 n 02 abstraction 0 abstract_entity 0 003 @ 00001740 n 0000 + 00694095 v 0101 ~ 00023280 n 0000 | a general concept formed by extracting common features from specific examples  '
  expect(parseSynset(line)).toEqual({
    key: 'n00002137',
    partOfSpeech: 'noun',
    isSatellite: false,
    offset: 2137,
    lexFile: 'noun.Tops',
    lemmas: ['abstraction', 'abstract entity'],
    frames: [],
    pointers: [
      { type: 'hypernym', target: 'n00001740', words: undefined },
      { type: 'derivation', target: 'v00694095', words: { source: 1, target: 1 } },
      { type: 'hyponym', target: 'n00023280', words: undefined },
    ],
    gloss: 'a general concept formed by extracting common features from specific examples',
  })
})

test('a verb: sentence frames, each once', () => {
  const line =
    '00014034 29 v 02 take_a_breather 0 rest 0 001 @ 00001740 v 0000 03 + 02 00 + 08 01 + 08 02 | take a short break; "rest!"  '
  expect(parseSynset(line)).toMatchObject({
    lemmas: ['take a breather', 'rest'],
    frames: [2, 8],
    gloss: 'take a short break; "rest!"',
  })
})

test('an adjective: markers are not part of the word, a satellite has the key of an adjective', () => {
  const line =
    '00014358 00 s 02 abounding(p) 0 galore(ip) 0 001 & 00013887 a 0000 | existing in abundance  '
  expect(parseSynset(line)).toMatchObject({
    key: 'a00014358',
    partOfSpeech: 'adjective',
    isSatellite: true,
    lemmas: ['abounding', 'galore'],
    pointers: [{ type: 'similar to', target: 'a00013887' }],
  })
  expect(keyOfLine(line)).toBe('a00014358')
})

test('the backslash is a pertainym in adjectives and a derivation in adverbs', () => {
  const parts = (letter: string) => `00001740 00 ${letter} 01 x 0 001 \\ 00001740 a 0101 | y  `
  expect(parseSynset(parts('a')).pointers[0]?.type).toBe('pertainym')
  expect(parseSynset(parts('r')).pointers[0]?.type).toBe('derived from adjective')
})

test.each([
  ['', 'no gloss'],
  ['00001740 03 n 01 entity 0 | x', 'too short'],
  ['00001740 03 n 01 entity 0 001 @ 00001740 n | x', 'too short'],
  ['00001740 03 q 01 entity 0 000 | x', 'part of speech'],
  ['00001740 99 n 01 entity 0 000 | x', 'lexicographer file 99'],
  ['00001740 03 n 01 entity 0 001 ? 00001740 n 0000 | x', 'pointer symbol'],
])('refuses %j', (line, message) => {
  expect(() => parseSynset(line)).toThrow(message)
})
