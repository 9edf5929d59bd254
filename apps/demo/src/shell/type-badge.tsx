import type { CSSProperties, ReactNode } from 'react'
import { colorOfType } from '../data/part-of-speech.ts'
import classes from './type-badge.module.css'

/** The type of an entity in its colour. */
export function TypeBadge({
  type,
  size = 'sm',
}: {
  readonly type: string
  readonly size?: 'xs' | 'sm'
}): ReactNode {
  const color = colorOfType(type)
  const style = {
    '--badge-light': `var(--mantine-color-${color}-8)`,
    '--badge-dark': `var(--mantine-color-${color}-3)`,
  } as CSSProperties
  return (
    <span className={classes.badge} data-size={size} style={style}>
      {type}
    </span>
  )
}
