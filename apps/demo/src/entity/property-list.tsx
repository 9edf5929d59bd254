import type { Properties } from '@inner-universe/universe'
import type { ReactNode } from 'react'
import classes from './entity-page.module.css'

/** The free properties of an entity; nothing when there are none. */
export function PropertyList({ properties }: { readonly properties: Properties }): ReactNode {
  const entries = Object.entries(properties)
  if (entries.length === 0) return null
  return (
    <dl className={classes.facts}>
      {entries.map(([name, value]) => (
        <div key={name} style={{ display: 'contents' }}>
          <dt>{name}</dt>
          <dd>{formatValue(value)}</dd>
        </div>
      ))}
    </dl>
  )
}

function formatValue(value: unknown): string {
  if (typeof value === 'string') return value
  if (Array.isArray(value)) return value.map(formatValue).join(', ')
  return JSON.stringify(value)
}
