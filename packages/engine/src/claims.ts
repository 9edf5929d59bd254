/**
 * Claims on values of unique columns: who holds one, and who reads NULL. MERGE.md MR17.
 *
 * `_claim` has an entry for every merged value of a unique column that is not NULL, of visible and
 * hidden rows alike: the row, the clock of the cell, and the offset in the relay's log of the batch
 * that wrote it (NULL while that is not there). The values of rows that hold nothing are in `_shadow`,
 * as those of references to what is not visible are.
 */
import {
  compareClaims,
  type LocalStamp,
  type StoredValue,
  UniverseError,
} from '@inner-universe/core'
import type { TableSchema } from './schema.ts'
import type { ClaimedValue, WriteScope } from './write-scope.ts'

/** A row's claim to a value. */
interface Claimant {
  readonly id: string
  readonly clock: LocalStamp
  readonly offset: number | undefined
}

/**
 * Moves a row's claim from one merged value of a column to another, either of which may be missing.
 * `clock` is that of the cell now. Gives the values that must be settled again.
 *
 * Cost: one or two index writes.
 */
export function moveClaim(
  scope: WriteScope,
  { table, column }: Omit<ClaimedValue, 'value'>,
  id: string,
  {
    before,
    after,
    clock,
  }: {
    readonly before: StoredValue | undefined
    readonly after: StoredValue | undefined
    readonly clock: LocalStamp | undefined
  },
): ClaimedValue[] {
  const values: ClaimedValue[] = []
  const had = before ?? null
  const has = after ?? null
  if (had !== null && had !== has) {
    scope.driver
      .prepare('DELETE FROM _claim WHERE tbl = ?1 AND col = ?2 AND value = ?3 AND id = ?4')
      .run([table.name, column.name, String(had), id])
    values.push({ table, column, value: had })
  }
  if (has !== null && clock !== undefined) {
    scope.driver
      .prepare(
        // The same cell merged again keeps its offset.
        `INSERT INTO _claim (tbl, col, value, id, h, r, offset) VALUES (?1, ?2, ?3, ?4, ?5, ?6, NULL)
          ON CONFLICT (tbl, col, value, id) DO UPDATE SET h = ?5, r = ?6,
            offset = CASE WHEN h = ?5 AND r = ?6 THEN offset END`,
      )
      .run([table.name, column.name, String(has), id, clock.hlc, clock.streamIndex])
    values.push({ table, column, value: has })
  }
  return values
}

/** All values a row with these merged values claims. */
export function claimsOf(
  table: TableSchema,
  merged: readonly (StoredValue | undefined)[],
): ClaimedValue[] {
  return table.uniqueColumns.flatMap((column) => {
    const value = merged[column.index] ?? null
    return value === null ? [] : [{ table, column, value }]
  })
}

/**
 * Lets the holder of each value read it and all other visible rows read NULL; notes both in
 * `scope.changes`, and who lost in `scope.lostClaims`.
 *
 * Cost: two index seeks for each row that claims a value; one when nobody else does.
 */
export function settleClaims(scope: WriteScope, values: Iterable<ClaimedValue>): void {
  const settled = new Set<string>()
  for (const claimed of values) {
    const key = `${claimed.table.name}\0${claimed.column.name}\0${claimed.value}`
    if (settled.has(key)) continue
    settled.add(key)
    settleClaim(scope, claimed)
  }
}

function settleClaim(scope: WriteScope, claimed: ClaimedValue): void {
  const claimants = claimantsOf(scope, claimed)
  // A row that nobody ever disputed reads its value already.
  if (claimants.length === 1 && !scope.rows.hasShadows()) return
  let holder: Claimant | undefined
  for (const claimant of claimants) {
    const row = scope.rows.get(claimed.table, claimant.id)
    if (row === undefined) continue
    const isShown = row.values[claimed.column.index] !== null
    const isHolder = holder === undefined
    holder ??= claimant
    if (isShown !== isHolder) showClaim(scope, claimed, claimant, isHolder ? undefined : holder)
  }
}

/** Rows with a value, first come first. */
function claimantsOf(scope: WriteScope, { table, column, value }: ClaimedValue): Claimant[] {
  const claimants = scope.driver
    .prepare('SELECT id, h, r, offset FROM _claim WHERE tbl = ?1 AND col = ?2 AND value = ?3')
    .all([table.name, column.name, String(value)])
    .map(
      ([id, hlc, streamIndex, offset]): Claimant => ({
        id: id as string,
        clock: { hlc: hlc as number, streamIndex: streamIndex as number },
        offset: (offset as number | null) ?? undefined,
      }),
    )
  if (claimants.length < 2) return claimants
  return claimants
    .map((claimant) => ({ claimant, stamp: scope.streams.stampOf(claimant.clock) }))
    .sort((a, b) => compareClaims({ ...a.claimant, ...a }, { ...b.claimant, ...b }))
    .map(({ claimant }) => claimant)
}

/** Lets a visible row read its value, or NULL when `holder` has it. */
function showClaim(
  { rows, changes, lostClaims }: WriteScope,
  { table, column, value }: ClaimedValue,
  { id, clock }: Claimant,
  holder: Claimant | undefined,
): void {
  const row = rows.get(table, id)
  if (row === undefined) return
  const shown = holder === undefined ? value : null
  const values = row.values.slice()
  values[column.index] = shown
  rows.patch(table, row.n, [column.index], [shown], row.overrides)
  changes.note(table, id, row.values, values)
  const key = `${table.name}\0${column.name}\0${id}`
  if (holder === undefined) {
    rows.removeShadow(table, id, column.name)
    lostClaims?.delete(key)
  } else {
    rows.putShadow({ table: table.name, id, column: column.name, value: String(value) })
    lostClaims?.set(key, { table, column, value, id, clock, holder })
  }
}

/**
 * Refuses a write of a value that another visible row has. To be called before anything is written.
 *
 * @throws UniverseError `table/duplicate-value`.
 */
export function refuseDuplicate(
  scope: WriteScope,
  { table, column, value }: ClaimedValue,
  id: string,
): void {
  const ids = scope.driver
    .prepare('SELECT id FROM _claim WHERE tbl = ?1 AND col = ?2 AND value = ?3 AND id <> ?4')
    .all([table.name, column.name, String(value), id])
  for (const [other] of ids) {
    if (!scope.rows.has(table, other as string)) continue
    throw new UniverseError(
      'table/duplicate-value',
      `another row of table "${table.name}" has that value of the unique column "${column.name}"; choose another`,
      { details: { table: table.name, column: column.name, id } },
    )
  }
}

/** Forgets all claims of a row with these merged values. The caller settles them. */
export function dropClaims(
  scope: WriteScope,
  table: TableSchema,
  id: string,
  merged: readonly (StoredValue | undefined)[],
): ClaimedValue[] {
  return claimsOf(table, merged).flatMap(({ column, value }) =>
    moveClaim(scope, { table, column }, id, { before: value, after: null, clock: undefined }),
  )
}
