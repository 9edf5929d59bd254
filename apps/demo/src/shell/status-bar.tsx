import { UnstyledButton } from '@mantine/core'
import { IconAlertTriangle, IconShieldCheck } from '@tabler/icons-react'
import type { ReactNode } from 'react'
import { Link } from 'wouter'
import { useCounts } from '../data/counts.tsx'
import { formatBytes, formatPlural } from '../data/format.ts'
import { useLiveSql, useStatus, useUniverse } from '../universe.ts'
import classes from './shell.module.css'

const CONNECTIONS_SQL = `select count(*) as count from client_connection
  where status in ('Connected', 'Idle')`

const ROLE_HINTS = {
  leader: 'This tab owns the worker that owns the database file.',
  follower: 'Another tab owns the database file; this one reaches it over a port.',
} as const

/** Role, storage and size of the universe, always in sight. */
export function StatusBar(): ReactNode {
  const universe = useUniverse()
  const { connection, storage, refresh } = useStatus()
  const counts = useCounts()
  const connections = useLiveSql<{ readonly count: number }>(CONNECTIONS_SQL)
  const connectionCount = connections.rows[0]?.count

  const role = connection.kind === 'open' ? connection.role : undefined
  return (
    <div className={classes.status} role="status" aria-label="Status of the universe">
      <span className={classes.statusItem} title={role === undefined ? '' : ROLE_HINTS[role]}>
        <span className={classes.dot} data-kind={connection.kind} aria-hidden />
        {role === undefined ? labelOf(connection.kind) : role === 'leader' ? 'Leader' : 'Follower'}
      </span>
      <Link href="/storage" className={classes.statusItem}>
        {storage === undefined
          ? 'Storage'
          : storage.kind === 'memory'
            ? 'In memory only'
            : storage.kind.toUpperCase()}
        {counts !== undefined && <span className="count">{formatBytes(counts.databaseBytes)}</span>}
      </Link>
      {storage?.kind === 'memory' && (
        <span className={classes.statusItem} title={storage.reason}>
          <IconAlertTriangle size={14} aria-hidden /> lost when the last tab closes
        </span>
      )}
      {storage !== undefined && storage.kind !== 'memory' && (
        <span className={`${classes.statusItem} ${classes.minor}`}>
          {storage.isPersistent ? (
            <>
              <IconShieldCheck size={14} aria-hidden /> Persistent
            </>
          ) : (
            <>
              <IconAlertTriangle size={14} aria-hidden />
              <UnstyledButton
                fz={12}
                c="inherit"
                td="underline"
                onClick={() => void universe.requestPersistence().then(refresh)}
              >
                May be evicted: ask to keep
              </UnstyledButton>
            </>
          )}
        </span>
      )}
      <span className={classes.spacer} />
      {counts !== undefined && (
        <>
          <span className={`${classes.statusItem} count`}>
            {formatPlural(counts.entityCount, 'entity', 'entities')}
          </span>
          <span className={`${classes.statusItem} ${classes.minor} count`}>
            {formatPlural(counts.relationCount, 'relation')}
          </span>
        </>
      )}
      {connectionCount !== undefined && (
        <span className={`${classes.statusItem} ${classes.minor} count`}>
          {formatPlural(connectionCount, 'connection')}
        </span>
      )}
    </div>
  )
}

function labelOf(kind: 'connecting' | 'open' | 'failed' | 'closed'): string {
  return { connecting: 'Connecting', open: 'Open', failed: 'Failed', closed: 'Closed' }[kind]
}
