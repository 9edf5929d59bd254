import {
  IconArrowsExchange,
  IconCircleDot,
  IconSettings,
  IconSparkles,
  type TablerIcon,
} from '@tabler/icons-react'
import { type ReactNode, useMemo } from 'react'
import { Link } from 'wouter'
import { entityHref } from '../data/entity.ts'
import { formatMoment } from '../data/format.ts'
import { type EventKind, type EventRow, eventLineOf } from './event-line.ts'
import classes from './event-list.module.css'

const ICONS: Readonly<Record<EventKind, TablerIcon>> = {
  entities: IconCircleDot,
  relations: IconArrowsExchange,
  system: IconSettings,
  custom: IconSparkles,
}

/** Events, newest first. */
export function EventList({ rows }: { readonly rows: readonly EventRow[] }): ReactNode {
  return (
    <ol className={classes.list} aria-label="Events, newest first">
      {rows.map((row) => (
        <EventItem key={row.event_id} row={row} />
      ))}
    </ol>
  )
}

function EventItem({ row }: { readonly row: EventRow }): ReactNode {
  const { kind, verb, subject, entityId } = useMemo(() => eventLineOf(row), [row])
  const Icon = ICONS[kind]
  return (
    <li className={classes.item}>
      <Icon size={16} stroke={1.6} className={classes.icon} aria-hidden />
      <span className={classes.text}>
        {verb}{' '}
        {entityId !== undefined ? (
          <Link href={entityHref(entityId)} className={classes.subject}>
            {subject}
          </Link>
        ) : (
          subject !== undefined && <strong className={classes.subject}>{subject}</strong>
        )}
      </span>
      <time className={`${classes.time} count`} dateTime={new Date(row.timestamp).toISOString()}>
        {formatMoment(row.timestamp, Date.now())}
      </time>
    </li>
  )
}
