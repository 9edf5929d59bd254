import type { EntityMetadata, RelationMetadata } from '@inner-universe/universe'
import { ActionIcon, Button, Group, Popover, Skeleton, Stack, Text } from '@mantine/core'
import { IconChevronLeft, IconChevronRight, IconX } from '@tabler/icons-react'
import { type ReactNode, useMemo, useState } from 'react'
import { Link } from 'wouter'
import { entityHref, nameOf } from '../data/entity.ts'
import { formatCount } from '../data/format.ts'
import { colorOfType } from '../data/part-of-speech.ts'
import { clocked } from '../live/edit-clock.ts'
import { ErrorNotice } from '../shell/error-notice.tsx'
import { useUnsynced } from '../sync/unsynced-context.tsx'
import { UnsyncedMark } from '../sync/unsynced-mark.tsx'
import { useEdit } from '../undo/use-edit.ts'
import { useLiveSql } from '../universe.ts'
import classes from './relation-panel.module.css'
import { type Direction, LINES_SQL, type RelationLineRow } from './relation-queries.ts'

const PAGE_SIZE = 8

/** The relations of one type of an entity, a page at a time. */
export function RelationGroup({
  id,
  direction,
  type,
  count,
}: {
  readonly id: string
  readonly direction: Direction
  readonly type: string
  readonly count: number
}): ReactNode {
  const [wantedPage, setPage] = useState(0)
  const pageCount = Math.max(1, Math.ceil(count / PAGE_SIZE))
  // Deletions may have taken away the page shown.
  const page = Math.min(wantedPage, pageCount - 1)
  const lines = useLiveSql<RelationLineRow>(
    LINES_SQL[direction],
    [id, type, PAGE_SIZE, page * PAGE_SIZE],
    { keepPrevious: true },
  )
  return (
    <section className={classes.group} aria-label={`${type}, ${formatCount(count)}`}>
      <div className={classes.groupHead}>
        <h3 className={classes.groupName}>
          {type}
          <span className="count">{formatCount(count)}</span>
        </h3>
        {pageCount > 1 && (
          <div className={classes.pager}>
            <ActionIcon
              variant="subtle"
              color="gray"
              aria-label={`Previous page of ${type}`}
              disabled={page === 0}
              onClick={() => setPage(page - 1)}
            >
              <IconChevronLeft size={16} aria-hidden />
            </ActionIcon>
            <span className="count">
              {formatCount(page * PAGE_SIZE + 1)}–
              {formatCount(Math.min(count, (page + 1) * PAGE_SIZE))}
            </span>
            <ActionIcon
              variant="subtle"
              color="gray"
              aria-label={`Next page of ${type}`}
              disabled={page === pageCount - 1}
              onClick={() => setPage(page + 1)}
            >
              <IconChevronRight size={16} aria-hidden />
            </ActionIcon>
          </div>
        )}
      </div>
      {lines.error !== undefined && (
        <ErrorNotice error={lines.error} title="These relations cannot be read" />
      )}
      {lines.isReady ? (
        <ul className={classes.list}>
          {lines.rows.map((row) => (
            <RelationLine key={row.id} row={row} direction={direction} />
          ))}
        </ul>
      ) : (
        <Skeleton height={Math.min(count, PAGE_SIZE) * 45 + 1} radius={10} />
      )}
    </section>
  )
}

function RelationLine({
  row,
  direction,
}: {
  readonly row: RelationLineRow
  readonly direction: Direction
}): ReactNode {
  const metadata = useMemo(() => JSON.parse(row.metadata) as RelationMetadata, [row.metadata])
  const other = useMemo(
    () => JSON.parse(row.other_metadata) as EntityMetadata,
    [row.other_metadata],
  )
  const name =
    wordOf(metadata, other, direction) ?? nameOf({ id: row.other_id as never, metadata: other })
  return (
    <li className={classes.item}>
      <Link href={entityHref(row.other_id)} className={classes.link}>
        <span
          className={classes.dot}
          style={{ background: `var(--mantine-color-${colorOfType(row.other_type)}-5)` }}
          title={row.other_type}
        />
        <span className={classes.name}>{name}</span>
        <span className={classes.description}>{other.description}</span>
      </Link>
      <UnsyncedMark id={row.id} />
      <RemoveRelation id={row.id} name={name} />
    </li>
  )
}

/** The word at the other end, when the relation is between words rather than their meanings. */
function wordOf(
  { properties }: RelationMetadata,
  other: EntityMetadata,
  direction: Direction,
): string | undefined {
  const number = direction === 'outgoing' ? properties.targetWord : properties.sourceWord
  const { lemmas } = other.properties
  if (typeof number !== 'number' || !Array.isArray(lemmas)) return undefined
  const word = lemmas[number - 1]
  return typeof word === 'string' ? word : undefined
}

function RemoveRelation({ id, name }: { readonly id: string; readonly name: string }): ReactNode {
  const [isAsking, setIsAsking] = useState(false)
  const { call, isPending, error, reset } = useEdit('deleteRelation')
  const { note } = useUnsynced()
  function close(): void {
    setIsAsking(false)
    reset()
  }
  function remove(): void {
    const what = `the relation with ${name}`
    const deleted = clocked(call({ id }, `Deleted ${what}`))
    note(deleted, () => ({ verb: 'Deleted', name: what, ids: [id] }))
  }
  return (
    <Popover opened={isAsking} onChange={close} position="bottom-end" withArrow trapFocus>
      <Popover.Target>
        <ActionIcon
          className={classes.remove}
          variant="subtle"
          color="gray"
          aria-label={`Delete the relation with ${name}`}
          onClick={() => setIsAsking(true)}
        >
          <IconX size={15} aria-hidden />
        </ActionIcon>
      </Popover.Target>
      <Popover.Dropdown maw={280}>
        <Stack gap="xs">
          <Text size="sm">Delete the relation with “{name}”? Both entities stay.</Text>
          {error !== undefined && <ErrorNotice error={error} title="It was not deleted" />}
          <Group gap="xs">
            <Button size="xs" color="red" loading={isPending} onClick={remove}>
              Delete
            </Button>
            <Button size="xs" variant="default" onClick={close}>
              Keep
            </Button>
          </Group>
        </Stack>
      </Popover.Dropdown>
    </Popover>
  )
}
