import { Skeleton } from '@mantine/core'
import type { ReactNode } from 'react'

/** In the place of a note, and of its size, until it is there. */
export function NoteLoading(): ReactNode {
  return <Skeleton height={222} radius={10} aria-label="Loading the note" />
}
