/** Queries over the standard tables: filters, order, pages. */
import type { Cancellable } from '@inner-universe/client'
import {
  type Condition,
  type Order,
  Query,
  type Row,
  type RowOf,
  UniverseError,
} from '@inner-universe/core'
import type { StandardTables } from './module/tables.ts'
import { decodeCursor, encodeCursor } from './page-cursor.ts'
import {
  conditionOfFilters,
  type FilterFields,
  orderOf,
  type QueryFilter,
  type QueryOrder,
} from './query-filter.ts'
import type { StandardUniverse } from './standard-universe.ts'

/** Rows a page has unless it is asked for another number. */
export const QUERY_LIMIT_DEFAULT = 100

/** Rows a page may have: more is an export. */
export const QUERY_LIMIT_MAX = 10_000

/** What every query of the standard client can be told. */
export interface PageOptions extends Cancellable {
  /** All must hold. */
  readonly filters?: readonly QueryFilter[] | undefined
  /** The primary key is always the last term, so the order is total. */
  readonly orderBy?: readonly QueryOrder[] | undefined
  /** From 1 to {@link QUERY_LIMIT_MAX}; default {@link QUERY_LIMIT_DEFAULT}. */
  readonly limit?: number | undefined
  /** Rows to skip. Costs what it skips: page with `after`. */
  readonly offset?: number | undefined
  /** `nextCursor` of the page before, of the same filters and order. */
  readonly after?: string | undefined
}

/** Some rows of a query, and where the next ones begin. */
export interface Page<R> {
  readonly rows: readonly R[]
  /** Undefined on the last page. */
  readonly nextCursor: string | undefined
}

type PagedTable = 'entity' | 'relation' | 'event_log' | 'state_version' | 'delta_record'

const METADATA = { description: 'plain', tags: 'json', properties: 'json' } as const

/** The fields of each table; {@link targetOf} reads them. */
export const FIELDS: Readonly<Record<PagedTable, FilterFields & { readonly primaryKey: string }>> =
  {
    entity: {
      table: 'entity',
      primaryKey: 'id',
      columns: {
        id: 'plain',
        entity_type: 'plain',
        created_at: 'plain',
        updated_at: 'plain',
        metadata: 'json',
        owner: 'plain',
        revision: 'plain',
      },
      metadata: { name: 'plain', ...METADATA },
    },
    relation: {
      table: 'relation',
      primaryKey: 'id',
      columns: {
        id: 'plain',
        from_entity: 'plain',
        to_entity: 'plain',
        relation_type: 'plain',
        created_at: 'plain',
        metadata: 'json',
        owner: 'plain',
        revision: 'plain',
      },
      metadata: { strength: 'plain', bidirectional: 'plain', ...METADATA },
    },
    event_log: {
      table: 'event_log',
      primaryKey: 'event_id',
      columns: {
        event_id: 'plain',
        event_type: 'plain',
        source: 'plain',
        timestamp: 'plain',
        data: 'json',
      },
      metadata: {},
    },
    state_version: {
      table: 'state_version',
      primaryKey: 'version_id',
      columns: {
        version_id: 'plain',
        parent_version_id: 'plain',
        timestamp: 'plain',
        description: 'plain',
        data_hash: 'plain',
        owner: 'plain',
      },
      metadata: {},
    },
    delta_record: {
      table: 'delta_record',
      primaryKey: 'delta_id',
      columns: {
        delta_id: 'plain',
        state_version_id: 'plain',
        operations: 'json',
        timestamp: 'plain',
        metadata: 'json',
      },
      metadata: { author: 'plain', parent_delta_id: 'plain', ...METADATA },
    },
  }

/** A comparison of a column, made by the client itself. */
export function columnIs(
  column: string,
  operator: 'eq' | 'gte' | 'lt',
  value: string | number | undefined,
): readonly Condition[] {
  return value === undefined ? [] : [{ kind: 'compare', column, operator, value }]
}

function wholeNumber(name: string, value: number, min: number, max: number): number {
  if (Number.isSafeInteger(value) && value >= min && value <= max) return value
  throw new UniverseError('query/invalid', `${name} must be a whole number from ${min} to ${max}`)
}

/** The order with the primary key as its last term: what would come after that says nothing. */
function totalOrder(order: readonly Order[], primaryKey: string): readonly Order[] {
  const at = order.findIndex(({ column, path }) => column === primaryKey && path === undefined)
  return at < 0 ? [...order, { column: primaryKey, direction: 'asc' }] : order.slice(0, at + 1)
}

/**
 * One page of a table.
 *
 * Asks for one row more than the limit, so that the last page is known to be the last.
 *
 * @throws UniverseError `query/invalid` for unknown fields, operators and bad numbers;
 * `query/invalid-cursor` for a cursor of another query.
 */
export async function queryPage<K extends PagedTable>(
  universe: StandardUniverse,
  table: K,
  conditions: readonly Condition[],
  options: PageOptions,
): Promise<Page<RowOf<StandardTables[K]>>> {
  const fields = FIELDS[table]
  const limit = wholeNumber('limit', options.limit ?? QUERY_LIMIT_DEFAULT, 1, QUERY_LIMIT_MAX)
  const of = [...conditions, ...conditionOfFilters(fields, options.filters ?? [])]
  let query = new Query<RowOf<StandardTables[K]>>({
    table,
    orderBy: totalOrder(orderOf(fields, options.orderBy ?? []), fields.primaryKey),
    ...(of.length === 0 ? {} : { where: { kind: 'and', of } }),
  })
  const { plan } = query
  query = query.limit(limit + 1)
  if (options.offset !== undefined) {
    query = query.offset(wholeNumber('offset', options.offset, 0, Number.MAX_SAFE_INTEGER))
  }
  if (options.after !== undefined) query = query.after(decodeCursor(plan, options.after))
  const found = await universe.query(() => query, cancellable(options))
  const rows = found.slice(0, limit)
  const last = found.length > limit ? rows.at(-1) : undefined
  const nextCursor = last === undefined ? undefined : encodeCursor(plan, last as Row)
  return { rows, nextCursor }
}

/** How many rows of a table fit. */
export function countRows(
  universe: StandardUniverse,
  table: PagedTable,
  conditions: readonly Condition[],
  options: Pick<PageOptions, 'filters'> & Cancellable,
): Promise<number> {
  const of = [...conditions, ...conditionOfFilters(FIELDS[table], options.filters ?? [])]
  const plan = { table, orderBy: [], ...(of.length === 0 ? {} : { where: { kind: 'and', of } }) }
  return universe.count(() => new Query(plan as Query<Row>['plan']), cancellable(options))
}

/** The signal alone: an option that is undefined must be left out. */
export function cancellable({ signal }: Cancellable): Cancellable {
  return signal === undefined ? {} : { signal }
}
