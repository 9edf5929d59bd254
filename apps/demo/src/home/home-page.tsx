import { Group, Skeleton, Stack, Text, Title } from '@mantine/core'
import { IconArrowRight } from '@tabler/icons-react'
import type { ReactNode } from 'react'
import { Link } from 'wouter'
import { type Counts, useCounts } from '../data/counts.tsx'
import { entityHref } from '../data/entity.ts'
import { formatCount, formatPlural } from '../data/format.ts'
import { colorOfType } from '../data/part-of-speech.ts'
import { type EventRow, eventsSql } from '../events/event-line.ts'
import { EventList } from '../events/event-list.tsx'
import { ImportCard } from '../import/import-card.tsx'
import { useLastImport } from '../import/import-context.tsx'
import { Page, PageTitle } from '../shell/page.tsx'
import { useHadContact } from '../sync/first-contact.ts'
import { JoiningCard } from '../sync/joining-card.tsx'
import { useLiveQuery, useLiveSql, useSyncStatus } from '../universe.ts'
import { synsetId } from '../wordnet/wordnet-id.ts'
import classes from './home-page.module.css'

/** Synsets that are in the sample too: dog, house, run, happy, quickly. */
const STARTS = ['n02086723', 'n03549540', 'v01930264', 'a01151786', 'r00086161'].map(synsetId)

const RECENT_COUNT = 8

/** What is in the universe, where to begin, and what happened last. */
export function HomePage(): ReactNode {
  const counts = useCounts()
  const last = useLastImport()
  const hadContact = useHadContact()
  const { kind } = useSyncStatus()
  const events = useLiveSql<EventRow>(eventsSql('all'), [RECENT_COUNT])
  return (
    <Page title="Start" size="md">
      <Stack gap={36}>
        <header>
          <PageTitle className={classes.title}>
            The words of English, and how they hang together
          </PageTitle>
          <p className={classes.lead}>
            WordNet as a knowledge graph in a database that lives in this browser: searched, walked
            and edited here, online or not, and in step with your other devices.
          </p>
        </header>
        {counts === undefined || !last.isKnown || !events.isReady ? (
          <Skeleton height={420} aria-label="Looking at what is here" />
        ) : (
          <>
            {counts.entityCount === 0 && (!hadContact || kind === 'catching-up') ? (
              <JoiningCard />
            ) : (
              <ImportCard counts={counts} last={last} />
            )}
            <Overview counts={counts} />
            {counts.entityCount > 0 && <Starts />}
            <RecentEvents rows={events.rows} />
          </>
        )}
      </Stack>
    </Page>
  )
}

function RecentEvents({ rows }: { readonly rows: readonly EventRow[] }): ReactNode {
  return (
    <section aria-labelledby="recent">
      <Group justify="space-between" mb={6}>
        <Title order={2} id="recent" className={classes.sectionTitle}>
          Recent events
        </Title>
        <Link href="/events" className={classes.more}>
          All events <IconArrowRight size={14} aria-hidden />
        </Link>
      </Group>
      <EventList rows={rows} />
    </section>
  )
}

function Overview({ counts }: { readonly counts: Counts }): ReactNode {
  if (counts.entityCount === 0) return null
  return (
    <section aria-label="What is in this universe">
      <dl className={classes.counts}>
        {counts.entities.slice(0, 6).map(({ type, count }) => (
          <div key={type} className={classes.count}>
            <dt>
              <span
                className={classes.dot}
                style={{ background: `var(--mantine-color-${colorOfType(type)}-5)` }}
              />
              {pluralOf(type)}
            </dt>
            <dd className="count">{formatCount(count)}</dd>
          </div>
        ))}
      </dl>
      <Text size="sm" c="dimmed" mt="sm" className="count">
        {formatPlural(counts.entityCount, 'entity', 'entities')}, connected by{' '}
        {formatPlural(counts.relationCount, 'relation')}
      </Text>
    </section>
  )
}

function pluralOf(type: string): string {
  const names: Readonly<Record<string, string>> = {
    noun: 'Nouns',
    verb: 'Verbs',
    adjective: 'Adjectives',
    adverb: 'Adverbs',
  }
  return names[type] ?? type
}

function Starts(): ReactNode {
  const rows = useLiveQuery((q) => q.entity.where({ id: { in: STARTS } }).limit(STARTS.length), [])
  if (rows.rows.length === 0) return null
  return (
    <section aria-labelledby="starts">
      <Title order={2} id="starts" className={classes.sectionTitle} mb="sm">
        Begin with
      </Title>
      <ul className={classes.starts}>
        {rows.rows.map((row) => (
          <li key={row.id}>
            <Link href={entityHref(row.id)} className={classes.start}>
              {row.metadata.name}
            </Link>
          </li>
        ))}
      </ul>
    </section>
  )
}
