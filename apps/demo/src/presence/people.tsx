import { Avatar, Tooltip } from '@mantine/core'
import type { ReactNode } from 'react'
import classes from './people.module.css'
import { initialsOf, type Person } from './person.ts'
import { usePeople } from './presence-context.tsx'

/** Faces shown before the rest is a number. */
const FACES_MAX = 4

/** Those who are here, as faces; nothing when nobody is. */
export function Faces({
  people,
  label,
  size = 28,
}: {
  readonly people: readonly Person[]
  /** Said before their names: `Also here`. */
  readonly label: string
  readonly size?: number
}): ReactNode {
  if (people.length === 0) return null
  const names = people.map(({ name }) => name)
  return (
    <Avatar.Group role="img" aria-label={`${label}: ${names.join(', ')}`} spacing={7}>
      {people.slice(0, FACES_MAX).map((person) => (
        <Tooltip key={person.id} label={person.name}>
          <Face person={person} size={size} />
        </Tooltip>
      ))}
      {people.length > FACES_MAX && (
        <Avatar size={size} radius="xl" className={classes.face}>
          +{people.length - FACES_MAX}
        </Avatar>
      )}
    </Avatar.Group>
  )
}

/** Everyone here but this device. */
export function EveryoneHere(): ReactNode {
  const { people } = usePeople()
  return <Faces people={people} label="Also here" />
}

/** Those who have an entity open. */
export function Viewers({ id }: { readonly id: string }): ReactNode {
  const { people } = usePeople()
  const viewers = people.filter(({ entityIds }) => entityIds.includes(id))
  return <Faces people={viewers} label="Looking at this too" size={22} />
}

/** One face. Tooltips hand it their own props. */
export function Face({
  person: { name, color },
  size,
  ...others
}: {
  readonly person: Pick<Person, 'name' | 'color'>
  readonly size: number
}): ReactNode {
  return (
    <Avatar size={size} radius="xl" color={color} className={classes.face} aria-hidden {...others}>
      {initialsOf(name)}
    </Avatar>
  )
}
