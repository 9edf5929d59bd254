import type { Universe } from '@inner-universe/client'
import {
  defineModule,
  type InputOfReducer,
  type ResultOfReducer,
  t,
  table,
} from '@inner-universe/core'
import { expectTypeOf, test } from 'vitest'
import type { StandardUniverse } from '../standard-universe.ts'
import { type StandardReducers, type standardModule, standardReducers } from './standard-module.ts'
import { standardLifecycle } from './system.ts'
import { type EntityRow, standardTables } from './tables.ts'

const app = defineModule({
  name: 'app',
  version: 1,
  tables: { ...standardTables, note: table({ id: t.id<'note'>(), text: t.text() }) },
  reducers: (reducer) => ({
    ...standardReducers(reducer),
    addNote: reducer({ text: t.text() }, (ctx, { text }) => {
      expectTypeOf(ctx.db.entity.get('x')).toEqualTypeOf<EntityRow | undefined>()
      return ctx.db.note.insert({ text }).id
    }),
  }),
  lifecycle: {
    ...standardLifecycle,
    init: (ctx) => {
      standardLifecycle.init(ctx)
      ctx.db.note.insert({ text: 'first' })
    },
  },
})

test('an app’s universe with the standard tables and reducers is a standard universe', () => {
  type AppUniverse = Universe<typeof app.tables, typeof app.reducers>
  expectTypeOf<AppUniverse>().toExtend<StandardUniverse>()
  type OwnUniverse = Universe<typeof standardModule.tables, typeof standardModule.reducers>
  expectTypeOf<OwnUniverse>().toExtend<StandardUniverse>()
})

test('a universe without them is not', () => {
  const other = defineModule({
    name: 'other',
    version: 1,
    tables: { note: table({ id: t.id<'note'>(), text: t.text() }) },
    reducers: () => ({}),
  })
  expectTypeOf<
    Universe<typeof other.tables, typeof other.reducers>
  >().not.toExtend<StandardUniverse>()
})

test('reducers keep their own argument and result types', () => {
  expectTypeOf<InputOfReducer<StandardReducers['createSubscription']>>().toEqualTypeOf<{
    readonly query: string
  }>()
  expectTypeOf<ResultOfReducer<StandardReducers['updateConfig']>>().toEqualTypeOf<boolean>()
  expectTypeOf<ResultOfReducer<StandardReducers['adminOperation']>>().toEqualTypeOf<void>()
})
