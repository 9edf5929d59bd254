import type { Id, OpenDocument } from '@inner-universe/client'
import { expectTypeOf, test } from 'vitest'
import { createUniverseHooks } from './hooks.ts'
import type { notes } from './testing/notes.ts'

const { useLiveQuery, useCall, useUniverse, useLiveSearch, useDocument } =
  createUniverseHooks<typeof notes>()

test('rows have the type of the table', () => {
  const build = () => useLiveQuery((q) => q.note.where({ isDone: false }))
  expectTypeOf<ReturnType<typeof build>['rows'][number]>().toEqualTypeOf<{
    readonly id: Id<'note'>
    readonly text: string
    readonly isDone: boolean
  }>()
  const search = () => useLiveSearch('note', 'milk')
  expectTypeOf<ReturnType<typeof search>['rows'][number]['text']>().toEqualTypeOf<string>()
})

test('calls take the arguments of the reducer and give its result', () => {
  const add = () => useCall('addNote')
  expectTypeOf<Parameters<ReturnType<typeof add>['call']>[0]>().toEqualTypeOf<{
    readonly text: string
  }>()
  expectTypeOf<Awaited<ReturnType<ReturnType<typeof add>['call']>>>().toEqualTypeOf<Id<'note'>>()
  // @ts-expect-error the module has no such reducer
  const wrong = () => useCall('addNotes')
  expectTypeOf(wrong).toBeFunction()
})

test('the universe is that of the module', () => {
  const use = () => useUniverse()
  expectTypeOf<ReturnType<typeof use>['module']['tables']>().toHaveProperty('note')
})

test('documents are those of the table', () => {
  const use = () => useDocument('note', 'id', 'body')
  expectTypeOf<ReturnType<typeof use>['document']>().toEqualTypeOf<OpenDocument | undefined>()
  // @ts-expect-error a text is no document
  const wrong = () => useDocument('note', 'id', 'text')
  expectTypeOf(wrong).toBeFunction()
})
