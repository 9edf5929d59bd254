import type { RowDifference } from '@inner-universe/client'
import { Button } from '@mantine/core'
import { type ReactNode, useMemo } from 'react'
import { Link } from 'wouter'
import { entityHref, nameOf } from '../data/entity.ts'
import { useEntities } from '../data/use-entities.ts'
import {
  type DifferenceField,
  entityIdsOf,
  type ShownDifference,
  shownDifferencesOf,
} from './difference.ts'
import classes from './difference-list.module.css'
import { pastHref } from './past-href.ts'

const KIND_WORDS = { insert: 'added', delete: 'deleted', update: 'changed' } as const

/** Differences one under the other, each with what was and what is. */
export function DifferenceList({
  rows,
  version,
  hasMore = false,
  isLoading = false,
  onMore,
}: {
  readonly rows: readonly RowDifference[]
  /** As of which an entity can be opened as it was before; undefined: none. */
  readonly version?: string | undefined
  readonly hasMore?: boolean
  readonly isLoading?: boolean
  readonly onMore?: () => void
}): ReactNode {
  const ids = useMemo(() => entityIdsOf(rows), [rows])
  const entityById = useEntities(ids)
  const nameById = new Map([...entityById].map(([id, entity]) => [id, nameOf(entity)]))
  if (rows.length === 0) return null
  return (
    <>
      <ul className={classes.list} aria-label="Differences">
        {shownDifferencesOf(rows, nameById).map((difference) => (
          <Item key={difference.key} difference={difference} version={version} />
        ))}
      </ul>
      {hasMore && onMore !== undefined && (
        <Button variant="default" size="xs" mt="sm" loading={isLoading} onClick={onMore}>
          Show more
        </Button>
      )}
    </>
  )
}

function Item({
  difference: { kind, what, title, entityId, fields },
  version,
}: {
  readonly difference: ShownDifference
  readonly version: string | undefined
}): ReactNode {
  return (
    <li className={classes.item} data-kind={kind}>
      <div className={classes.head}>
        <span className={classes.title}>
          {entityId !== undefined && !(kind === 'delete' && what === 'entity') ? (
            <Link href={entityHref(entityId)} className={classes.link}>
              {title}
            </Link>
          ) : (
            title
          )}
        </span>
        <span className={classes.kind}>
          {what} {KIND_WORDS[kind]}
        </span>
        {version !== undefined && entityId !== undefined && kind !== 'insert' && (
          <Link href={pastHref(version, entityId)} className={classes.past}>
            as it was
          </Link>
        )}
      </div>
      {fields.length > 0 && (
        <dl className={classes.fields}>
          {fields.map((field) => (
            <Field key={field.name} field={field} />
          ))}
        </dl>
      )}
    </li>
  )
}

function Field({ field: { name, before, after } }: { readonly field: DifferenceField }): ReactNode {
  return (
    <>
      <dt>{name.replaceAll('_', ' ')}</dt>
      <dd>
        {before !== undefined && <del className={classes.before}>{before}</del>}
        {after !== undefined && <ins className={classes.after}>{after}</ins>}
      </dd>
    </>
  )
}
