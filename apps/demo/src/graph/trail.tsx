import { type ReactNode, useEffect, useState } from 'react'
import { Link } from 'wouter'
import { graphHref } from '../data/entity.ts'
import classes from './graph-page.module.css'

/** One entity walked through. */
export interface Step {
  readonly id: string
  readonly name: string
}

const STEPS_MAX = 8

/** The way walked in this tab, the place one is at last; going back shortens it. */
export function useTrail(id: string, name: string | undefined): readonly Step[] {
  const [steps, setSteps] = useState<readonly Step[]>([])
  useEffect(() => {
    if (name === undefined) return
    setSteps((before) => {
      const index = before.findIndex((step) => step.id === id)
      const rest = index < 0 ? before : before.slice(0, index)
      return [...rest, { id, name }].slice(-STEPS_MAX)
    })
  }, [id, name])
  return steps
}

/** The way walked, as links. */
export function Trail({ trail }: { readonly trail: readonly Step[] }): ReactNode {
  return (
    <nav aria-label="Way walked" className={classes.trail}>
      <ol>
        {trail.map(({ id, name }, index) => (
          <li key={id}>
            {index === trail.length - 1 ? (
              <span aria-current="page">{name}</span>
            ) : (
              <Link href={graphHref(id)}>{name}</Link>
            )}
          </li>
        ))}
      </ol>
    </nav>
  )
}
