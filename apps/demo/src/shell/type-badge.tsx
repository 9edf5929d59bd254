import { Badge } from '@mantine/core'
import type { ReactNode } from 'react'
import { colorOfType } from '../data/part-of-speech.ts'

/** The type of an entity in its colour. */
export function TypeBadge({
  type,
  size = 'sm',
}: {
  readonly type: string
  readonly size?: 'xs' | 'sm' | 'md'
}): ReactNode {
  return (
    <Badge variant="light" color={colorOfType(type)} size={size} radius="sm" tt="none" fw={600}>
      {type}
    </Badge>
  )
}
