import type { Version } from '@inner-universe/client'
import { Group, Skeleton, Stack, Text, Title } from '@mantine/core'
import { type ReactNode, useRef, useState } from 'react'
import { useSearchParams } from 'wouter'
import { ErrorNotice } from '../shell/error-notice.tsx'
import { Page, PageTitle } from '../shell/page.tsx'
import { CommitForm } from './commit-form.tsx'
import { HistoryMenu } from './history-menu.tsx'
import classes from './history-page.module.css'
import { type Outcome, OutcomeNotice } from './outcome-notice.tsx'
import { PresentDetail } from './present-detail.tsx'
import { useHistory } from './use-history.ts'
import { VersionDetail } from './version-detail.tsx'
import { PRESENT } from './version-line.ts'
import { VersionList } from './version-list.tsx'

/** Named states of the graph: what there is, what differs, and how to go back to one or on from it. */
export function HistoryPage(): ReactNode {
  const history = useHistory()
  const [outcome, setOutcome] = useState<Outcome>()
  const { versions, error } = history
  return (
    <Page title="History" size="lg">
      <Stack gap={28}>
        <header>
          <Group justify="space-between" wrap="nowrap" align="flex-start">
            <PageTitle>History</PageTitle>
            <HistoryMenu onOutcome={setOutcome} hasVersions={(versions?.length ?? 0) > 0} />
          </Group>
          <Text c="dimmed" maw="68ch">
            Name the state the graph is in, and it can be read, compared and restored later, on all
            your devices. A branch goes on from a named state beside the present, until you merge
            it.
          </Text>
        </header>
        <CommitForm />
        {outcome !== undefined && (
          <OutcomeNotice outcome={outcome} onClose={() => setOutcome(undefined)} />
        )}
        {error !== undefined ? (
          <ErrorNotice error={error} title="The versions cannot be read" />
        ) : versions === undefined ? (
          <Loading />
        ) : versions.length === 0 ? (
          <Empty />
        ) : (
          <Found {...history} versions={versions} onOutcome={setOutcome} />
        )}
      </Stack>
    </Page>
  )
}

function Found({
  versions,
  refs,
  heads,
  onOutcome,
}: Omit<ReturnType<typeof useHistory>, 'versions'> & {
  readonly versions: readonly Version[]
  readonly onOutcome: (outcome: Outcome) => void
}): ReactNode {
  const [params, setParams] = useSearchParams()
  const detail = useRef<HTMLDivElement>(null)
  const wanted = params.get('version') ?? PRESENT
  const version = versions.find(({ id }) => id === wanted)
  const other = params.get('with') ?? undefined

  function select(id: string): void {
    setParams({ version: id }, { replace: true })
    // On a phone it is below the list.
    if (window.matchMedia('(max-width: 860px)').matches) {
      requestAnimationFrame(() => detail.current?.scrollIntoView({ block: 'start' }))
    }
  }
  function compare(id: string | undefined): void {
    const chosen = { version: version?.id ?? PRESENT }
    setParams(id === undefined ? chosen : { ...chosen, with: id }, { replace: true })
  }

  return (
    <div className={classes.columns}>
      <VersionList
        versions={versions}
        refs={refs}
        heads={heads}
        selected={version?.id ?? PRESENT}
        compared={other}
        onSelect={select}
        onCompare={compare}
      />
      <div ref={detail} className={classes.detail}>
        {version === undefined ? (
          <PresentDetail versions={versions} heads={heads} other={other} onCompare={compare} />
        ) : (
          <VersionDetail
            key={version.id}
            version={version}
            versions={versions}
            refs={refs}
            heads={heads}
            other={other}
            onSelect={select}
            onCompare={compare}
            onOutcome={onOutcome}
          />
        )}
      </div>
    </div>
  )
}

function Empty(): ReactNode {
  return (
    <section className={classes.empty} aria-labelledby="no-versions">
      <Title order={2} id="no-versions" className={classes.sectionTitle}>
        No state has a name yet
      </Title>
      <Text c="dimmed" maw="58ch">
        The first one is written whole, in the background; each after it only what has changed
        since.
      </Text>
    </section>
  )
}

function Loading(): ReactNode {
  return (
    <div role="status" aria-label="Loading the versions">
      <Skeleton height={56} mb={8} radius={10} />
      <Skeleton height={56} mb={8} radius={10} />
      <Skeleton height={56} radius={10} />
    </div>
  )
}
