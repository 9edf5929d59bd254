import type { ReactNode } from 'react'
import { Link } from 'wouter'
import { formatCount } from '../data/format.ts'
import classes from './count-list.module.css'

/** One line: what is counted, and how often it is there. */
export interface CountLine {
  readonly key: string
  readonly label: string
  readonly count: number
  /** Mantine colour of the bar. */
  readonly color: string
  readonly href?: string
}

/** Counts as bars, the longest of full width. A count that changes lights up. */
export function CountList({
  name,
  rows,
}: {
  readonly name: string
  readonly rows: readonly CountLine[]
}): ReactNode {
  const most = Math.max(1, ...rows.map(({ count }) => count))
  return (
    <ol className={classes.list} aria-label={name}>
      {rows.map(({ key, label, count, color, href }) => (
        <li key={key} className={classes.line}>
          <span
            className={classes.bar}
            style={{
              width: `${(count / most) * 100}%`,
              background: `var(--mantine-color-${color}-5)`,
            }}
          />
          {href === undefined ? (
            <span className={classes.label}>{label}</span>
          ) : (
            <Link href={href} className={classes.label}>
              {label}
            </Link>
          )}
          {/* Another element for another count: it plays its animation anew. */}
          <span key={count} className={`${classes.count} count`}>
            {formatCount(count)}
          </span>
        </li>
      ))}
    </ol>
  )
}
