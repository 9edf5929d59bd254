import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openUniverse } from '@inner-universe/client/node'
import { standardModule } from '@inner-universe/universe'
import { afterAll, expect, test } from 'vitest'
import { wordnetModule } from './wordnet-module.ts'

const directory = mkdtempSync(join(tmpdir(), 'inner-universe-wordnet-'))

afterAll(() => rmSync(directory, { recursive: true, force: true }))

const dog = { type: 'noun', metadata: { name: 'dog' } }

test('a file from before there were notes and versions opens, keeps what it has, and takes both', async () => {
  const path = join(directory, 'old')
  const old = await openUniverse(standardModule, { path })
  const id = await old.reducers.createEntity(dog)
  await old.close()

  const universe = await openUniverse(wordnetModule, { path })
  expect((await universe.get('entity', id))?.metadata.name).toBe('dog')
  expect(await universe.reducers.beginNote({ entity: id })).toBe(true)
  const note = await universe.doc('entity_note', id, 'body')
  note.doc.getText('content').insert(0, 'It barks.')
  await note.close()
  const version = await universe.versions.commit('With a note')
  await universe.reducers.patchEntity({ id, metadata: { name: 'hound' } })
  await universe.close()

  const again = await openUniverse(wordnetModule, { path })
  const kept = await again.doc('entity_note', id, 'body')
  expect(kept.doc.getText('content').toString()).toBe('It barks.')
  const past = await again.versions.at(version.id)
  expect((await past.get('entity', id))?.metadata.name).toBe('dog')
  const noteThen = await past.doc('entity_note', id, 'body')
  expect(noteThen.getText('content').toString()).toBe('It barks.')
  await again.close()
})

test('a note is begun once, on an entity that is there, and goes and comes back with it', async () => {
  const universe = await openUniverse(wordnetModule, { memory: true })
  const { beginNote, createEntity } = universe.reducers
  const id = await createEntity(dog)
  expect(await beginNote({ entity: id })).toBe(true)
  expect(await beginNote({ entity: id })).toBe(false)
  await expect(beginNote({ entity: crypto.randomUUID() })).rejects.toThrow(/there is no entity/)

  const note = await universe.doc('entity_note', id, 'body')
  note.doc.getText('content').insert(0, 'It barks.')
  await note.close()
  const edits = await universe.undo({ scope: 'edits' })
  await edits.reducers.deleteEntity({ id })
  expect(await universe.get('entity_note', id)).toBeUndefined()
  expect((await edits.undo()).skippedCount).toBe(0)
  const back = await universe.doc('entity_note', id, 'body')
  expect(back.doc.getText('content').toString()).toBe('It barks.')
  await universe.close()
})
