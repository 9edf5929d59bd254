import type { Version } from '@inner-universe/client'
import { Text, Title } from '@mantine/core'
import type { ReactNode } from 'react'
import { DifferencePanel } from './difference-panel.tsx'
import classes from './version-detail.module.css'
import { PRESENT, titleOf } from './version-line.ts'

/** The present: what was changed since the last state that has a name, or another one. */
export function PresentDetail({
  versions,
  heads,
  other,
  onCompare,
}: {
  readonly versions: readonly Version[]
  readonly heads: readonly Version[]
  readonly other: string | undefined
  readonly onCompare: (id: string | undefined) => void
}): ReactNode {
  const last = heads.at(-1)
  return (
    <section aria-label="The present">
      <Title order={2} className={classes.title}>
        The present
      </Title>
      <Text c="dimmed" size="sm">
        {last === undefined
          ? 'No state of the present has a name yet.'
          : `The last state that was named is “${titleOf(last)}”.`}
      </Text>
      <DifferencePanel
        selected={PRESENT}
        versions={versions}
        other={versions.some(({ id }) => id === other) ? other : last?.id}
        onCompare={onCompare}
      />
    </section>
  )
}
