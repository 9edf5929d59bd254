import { Paper, Progress, Text, Title } from '@mantine/core'
import type { ReactNode } from 'react'
import { useSyncStatus } from '../universe.ts'
import classes from './joining-card.module.css'
import { syncLineOf } from './sync-line.ts'

/** Shown on a device that has nothing yet, while it is not known whether it joins others. */
export function JoiningCard(): ReactNode {
  const status = useSyncStatus()
  const { text, progress } = syncLineOf(status)
  const isFilling = progress !== undefined
  const title = isFilling ? 'Filling this device' : 'Looking for your other devices'
  return (
    <Paper component="section" aria-label={title} withBorder radius="lg" className={classes.card}>
      <Title order={2} className={classes.title}>
        {title}
      </Title>
      <Progress
        value={isFilling ? progress * 100 : 100}
        animated={!isFilling}
        size="lg"
        radius="xl"
        aria-label={title}
        transitionDuration={100}
      />
      <Text c="dimmed" mt="sm" className="count" role="status">
        {isFilling ? `${text} Then everything is here at once.` : 'Calling the relay.'}
      </Text>
    </Paper>
  )
}
