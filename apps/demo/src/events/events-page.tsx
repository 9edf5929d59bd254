import { Button, Center, SegmentedControl, Skeleton, Stack, Text } from '@mantine/core'
import { type ReactNode, useState } from 'react'
import { ErrorNotice } from '../shell/error-notice.tsx'
import { Page, PageTitle } from '../shell/page.tsx'
import { useLiveSql } from '../universe.ts'
import { type EventKind, type EventRow, eventsSql } from './event-line.ts'
import { EventList } from './event-list.tsx'

const KINDS = [
  { value: 'all', label: 'All' },
  { value: 'entities', label: 'Entities' },
  { value: 'relations', label: 'Relations' },
  { value: 'system', label: 'System' },
  { value: 'custom', label: 'Custom' },
]

const STEP = 50

/** The event log, live. */
export function EventsPage(): ReactNode {
  const [kind, setKind] = useState<EventKind | 'all'>('all')
  const [limit, setLimit] = useState(STEP)
  // One more than is shown tells whether there are more.
  const events = useLiveSql<EventRow>(eventsSql(kind), [limit + 1], { keepPrevious: true })
  return (
    <Page title="Events" size="sm">
      <Stack gap="md">
        <div>
          <PageTitle>Events</PageTitle>
          <Text c="dimmed">
            Everything that changes this universe, in any tab, as it happens. An import is one line
            for every call.
          </Text>
        </div>
        <SegmentedControl
          aria-label="Kind of event"
          value={kind}
          onChange={(value) => {
            setKind(value as EventKind | 'all')
            setLimit(STEP)
          }}
          data={KINDS}
        />
        {events.error !== undefined && (
          <ErrorNotice error={events.error} title="The events cannot be read" />
        )}
        {events.isReady ? (
          events.rows.length === 0 ? (
            <Center py="xl">
              <Text c="dimmed">No events of this kind yet.</Text>
            </Center>
          ) : (
            <EventList rows={events.rows.slice(0, limit)} />
          )
        ) : (
          <Skeleton height={400} aria-label="Loading events" />
        )}
        {events.rows.length > limit && (
          <Center>
            <Button variant="default" onClick={() => setLimit(limit + STEP)}>
              Show older events
            </Button>
          </Center>
        )}
      </Stack>
    </Page>
  )
}
