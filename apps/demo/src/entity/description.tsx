import { Text } from '@mantine/core'
import type { ReactNode } from 'react'
import { glossOf } from '../data/entity.ts'
import classes from './entity-page.module.css'

/** What an entity means, and examples of it. */
export function Description({ text }: { readonly text: string }): ReactNode {
  const { definition, examples } = glossOf(text)
  if (text === '') return <Text c="dimmed">No description yet.</Text>
  return (
    <div className={classes.gloss}>
      {definition !== '' && <p>{definition}</p>}
      {examples.map((example) => (
        <p key={example} className={classes.example}>
          “{example}”
        </p>
      ))}
    </div>
  )
}
