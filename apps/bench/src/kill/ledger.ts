/**
 * The module that kill tests write with: every call leaves several rows and moves one counter, so a
 * lost, repeated or half-done call shows.
 */
import { defineModule, t, table } from '@inner-universe/client'

/** A call writes this many `part` rows; see {@link partCountOf}. */
export const PART_COUNT_MAX = 12

/** The number of rows a call is to write, told by its own name (`writer-number-parts`). */
export function partCountOf(call: string): number {
  return Number(call.slice(call.lastIndexOf('-') + 1))
}

/** See the file's head. */
export const ledger = defineModule({
  name: 'ledger',
  version: 1,
  tables: {
    part: table({ id: t.id(), call: t.text(), part: t.int(), payload: t.text() }).index('byCall', [
      'call',
    ]),
    total: table({ name: t.key(), calls: t.counter() }),
  },
  reducers: (reducer) => ({
    append: reducer({ call: t.text() }, (ctx, { call }) => {
      const partCount = partCountOf(call)
      for (let part = 0; part < partCount; part++) {
        ctx.db.part.insert({ call, part, payload: `${call} part ${part} `.repeat(1 + (part % 5)) })
      }
      if (ctx.db.total.get('calls') === undefined) ctx.db.total.insert({ name: 'calls' })
      ctx.db.total.increment('calls', 'calls')
      return call
    }),
  }),
})
