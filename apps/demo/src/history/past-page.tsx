import type { VersionProgress } from '@inner-universe/client'
import { Button, Group, Loader, Stack, Text } from '@mantine/core'
import { IconArrowLeft } from '@tabler/icons-react'
import { type ReactNode, useEffect, useState } from 'react'
import { Link } from 'wouter'
import { formatCount, formatDateTime } from '../data/format.ts'
import { ErrorNotice } from '../shell/error-notice.tsx'
import { Page, PageTitle } from '../shell/page.tsx'
import { useUniverse } from '../universe.ts'
import { PastEntity } from './past-entity.tsx'
import type { PastGraph } from './past-graph.ts'
import { historyHref } from './past-href.ts'
import classes from './past-page.module.css'
import { PastSearch } from './past-search.tsx'
import { titleOf } from './version-line.ts'

/** The graph as it was: a search, and one entity of it. Nothing in it can be changed. */
export function PastPage({
  target,
  entityId,
}: {
  /** A version's id, or the name of a branch or tag. */
  readonly target: string
  readonly entityId: string | undefined
}): ReactNode {
  const { past, progress, error } = usePast(target)
  if (past === undefined) {
    return (
      <Page title="As it was">
        {error !== undefined ? (
          <ErrorNotice error={error} title="This state cannot be opened">
            <Button component={Link} href="/history" size="xs" variant="default">
              To all versions
            </Button>
          </ErrorNotice>
        ) : (
          <Waiting progress={progress} />
        )}
      </Page>
    )
  }
  const { version } = past
  const title = titleOf(version)
  return (
    <Page title={`As of ${title}`}>
      <div className={classes.banner} role="note" aria-label="The past">
        <div className={classes.of}>
          <strong>As of “{title}”</strong>
          <Text size="sm" c="dimmed">
            {formatDateTime(version.createdMs)}. To be read, not to be changed.
          </Text>
        </div>
        <Button
          component={Link}
          href={historyHref(version.id)}
          variant="default"
          size="xs"
          leftSection={<IconArrowLeft size={15} stroke={1.6} aria-hidden />}
        >
          To the version
        </Button>
      </div>
      <PastSearch past={past} />
      {entityId === undefined ? (
        <Stack gap={4} mt="xl">
          <PageTitle>{title}</PageTitle>
          <Counts past={past} />
        </Stack>
      ) : (
        <PastEntity key={entityId} past={past} id={entityId} />
      )}
    </Page>
  )
}

function Waiting({ progress }: { readonly progress: VersionProgress | undefined }): ReactNode {
  const { chunkCount, chunkTotal } = progress ?? {}
  return (
    <Group gap="sm" py="xl" role="status">
      <Loader size="sm" aria-hidden />
      <Text c="dimmed" className="count">
        {progress === undefined
          ? 'Opening…'
          : `It is still on its way here: ${formatCount(chunkCount ?? 0)}${chunkTotal === undefined ? '' : ` of ${formatCount(chunkTotal)}`} parts.`}
      </Text>
    </Group>
  )
}

const COUNTS_SQL = `select (select count(*) from entity) as entities,
  (select count(*) from relation) as relations`

function Counts({ past }: { readonly past: PastGraph }): ReactNode {
  const [counts, setCounts] = useState<{ readonly entities: number; readonly relations: number }>()
  const [error, setError] = useState<unknown>()
  useEffect(() => {
    let isCurrent = true
    past.sql<{ readonly entities: number; readonly relations: number }>(COUNTS_SQL).then(
      ([row]) => {
        if (isCurrent) setCounts(row)
      },
      (failure: unknown) => {
        if (isCurrent) setError(failure)
      },
    )
    return () => {
      isCurrent = false
    }
  }, [past])
  if (error !== undefined) return <ErrorNotice error={error} title="It cannot be counted" />
  return (
    <Text c="dimmed" className="count" role="status">
      {counts === undefined
        ? 'Counting…'
        : `It had ${formatCount(counts.entities)} entities and ${formatCount(counts.relations)} relations. Search for one to see it as it was.`}
    </Text>
  )
}

interface Opened {
  readonly past?: PastGraph
  readonly progress?: VersionProgress
  readonly error?: unknown
}

/** The universe as of a version, open while the page is. */
function usePast(target: string): Opened {
  const { versions } = useUniverse()
  const [opened, setOpened] = useState<Opened>({})
  useEffect(() => {
    const abort = new AbortController()
    const { signal } = abort
    let own: PastGraph | undefined
    setOpened({})
    const onProgress = (progress: VersionProgress): void => {
      if (!signal.aborted) setOpened({ progress })
    }
    versions.at(target, { signal, onProgress }).then(
      (past) => {
        own = past
        if (signal.aborted) past.close()
        else setOpened({ past })
      },
      (error: unknown) => {
        if (!signal.aborted) setOpened({ error })
      },
    )
    return () => {
      abort.abort()
      own?.close()
    }
  }, [versions, target])
  return opened
}
