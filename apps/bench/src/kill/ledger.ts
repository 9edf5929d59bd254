/**
 * The module that kill tests write with: every call leaves several rows and moves one counter, so a
 * lost, repeated or half-done call shows. Declared views count the rows by call and by part.
 */
import { defineModule, t, table, type Universe } from '@inner-universe/client'

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
  views: {
    calls: (q) =>
      q.part
        .groupBy('call')
        .aggregate((part, all) => ({ rows: all.count(), parts: all.sum(part.part) })),
    parts: (q) => q.part.groupBy('part').count(),
  },
})

/** {@link ledger} opened. */
export type Ledger = Universe<
  (typeof ledger)['tables'],
  (typeof ledger)['reducers'],
  NonNullable<(typeof ledger)['viewTypes']>
>

/** Each view's name, and whether it shows what its tables say: one statement, so all of one moment. */
export const VIEWS_SQL = `
  SELECT 'calls' AS view,
    (SELECT json_group_array(json_array(call, rows, parts)) FROM (SELECT * FROM calls ORDER BY call)) IS
    (SELECT json_group_array(json_array(call, n, total)) FROM (
      SELECT call, count(*) AS n, total(part) AS total FROM part GROUP BY call ORDER BY call)) AS isRight
  UNION ALL SELECT 'parts',
    (SELECT json_group_array(json_array(part, count)) FROM (SELECT * FROM parts ORDER BY part)) IS
    (SELECT json_group_array(json_array(part, n)) FROM (
      SELECT part, count(*) AS n FROM part GROUP BY part ORDER BY part))`
