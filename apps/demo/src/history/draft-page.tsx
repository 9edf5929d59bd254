import type { RowDifference } from '@inner-universe/client'
import { Button, Group, Loader, Stack, Text, TextInput, Title } from '@mantine/core'
import { type FormEvent, type ReactNode, useCallback, useEffect, useState } from 'react'
import { Link, useLocation, useSearchParams } from 'wouter'
import { EntitySearch } from '../search/entity-search.tsx'
import { ErrorNotice } from '../shell/error-notice.tsx'
import { Page, PageTitle } from '../shell/page.tsx'
import { useUniverse } from '../universe.ts'
import { DifferenceList } from './difference-list.tsx'
import { DraftEntity } from './draft-entity.tsx'
import classes from './draft-page.module.css'
import type { GraphDraft } from './past-graph.ts'
import { historyHref } from './past-href.ts'
import { useAction } from './use-action.ts'
import { titleOf } from './version-line.ts'

/** A branch being worked on: entities are changed on it, and what was changed becomes its next version. */
export function DraftPage(): ReactNode {
  const [params] = useSearchParams()
  const branch = params.get('branch') ?? ''
  const { draft, error } = useDraft(branch)
  return (
    <Page title={`Branch ${branch}`}>
      {draft !== undefined ? (
        <Open draft={draft} />
      ) : error !== undefined ? (
        <ErrorNotice error={error} title="The branch cannot be worked on">
          <Button component={Link} href="/history" size="xs" variant="default">
            To all versions
          </Button>
        </ErrorNotice>
      ) : (
        <Group gap="sm" py="xl" role="status">
          <Loader size="sm" aria-hidden />
          <Text c="dimmed">Opening the branch…</Text>
        </Group>
      )}
    </Page>
  )
}

function Open({ draft }: { readonly draft: GraphDraft }): ReactNode {
  const [entityId, setEntityId] = useState<string>()
  const { rows, error, refresh } = useDraftDifferences(draft)
  return (
    <Stack gap={28}>
      <header>
        <PageTitle>Branch {draft.branch}</PageTitle>
        <Text c="dimmed" maw="62ch">
          It goes on from{' '}
          <Link href={historyHref(draft.from.id)} className={classes.link}>
            “{titleOf(draft.from)}”
          </Link>
          . What you change here is not in the present, and in no version before you save it on the
          branch.
        </Text>
      </header>
      <section aria-label="Change an entity" className={classes.change}>
        <EntitySearch
          label="Find an entity to change"
          placeholder="Find an entity to change"
          onPick={(entity) => setEntityId(entity.id)}
        />
        {entityId !== undefined && (
          <DraftEntity
            key={entityId}
            draft={draft}
            id={entityId}
            onChanged={() => {
              setEntityId(undefined)
              refresh()
            }}
            onClose={() => setEntityId(undefined)}
          />
        )}
      </section>
      <section aria-labelledby="changes">
        <Title order={2} id="changes" className={classes.sectionTitle}>
          Changed on the branch
        </Title>
        {error !== undefined && <ErrorNotice error={error} title="It cannot be compared" />}
        {rows.length === 0 ? (
          <Text c="dimmed" size="sm">
            Nothing yet.
          </Text>
        ) : (
          <>
            <DifferenceList rows={rows} />
            <Commit draft={draft} />
          </>
        )}
      </section>
    </Stack>
  )
}

function Commit({ draft }: { readonly draft: GraphDraft }): ReactNode {
  const [, navigate] = useLocation()
  const [description, setDescription] = useState('')
  const { run, isPending, error } = useAction()

  function submit(event: FormEvent): void {
    event.preventDefault()
    if (description.trim() === '') return
    run(async () => {
      const { id } = await draft.commit(description.trim())
      navigate(historyHref(id))
    })
  }

  return (
    <form aria-label="Save on the branch" onSubmit={submit} className={classes.commit}>
      <Group align="flex-end" gap="xs">
        <TextInput
          label="What you did on the branch"
          className={classes.description}
          value={description}
          onChange={(event) => setDescription(event.currentTarget.value)}
        />
        <Button type="submit" loading={isPending} disabled={description.trim() === ''}>
          Save on the branch
        </Button>
      </Group>
      {error !== undefined && <ErrorNotice error={error} title="It was not saved on the branch" />}
    </form>
  )
}

interface Opened {
  readonly draft?: GraphDraft
  readonly error?: unknown
}

/** A draft on a branch, open while the page is. */
function useDraft(branch: string): Opened {
  const { versions } = useUniverse()
  const [opened, setOpened] = useState<Opened>({})
  useEffect(() => {
    let isCurrent = true
    let own: GraphDraft | undefined
    setOpened({})
    versions.draft(branch).then(
      (draft) => {
        own = draft
        if (isCurrent) setOpened({ draft })
        else draft.close()
      },
      (error: unknown) => {
        if (isCurrent) setOpened({ error })
      },
    )
    return () => {
      isCurrent = false
      own?.close()
    }
  }, [versions, branch])
  return opened
}

function useDraftDifferences(draft: GraphDraft): {
  readonly rows: readonly RowDifference[]
  readonly error: unknown
  readonly refresh: () => void
} {
  const [rows, setRows] = useState<readonly RowDifference[]>([])
  const [error, setError] = useState<unknown>()
  const refresh = useCallback(() => {
    draft.diff().then((found) => {
      // The log of events tells the same again.
      setRows(found.filter(({ table }) => table === 'entity' || table === 'relation'))
      setError(undefined)
    }, setError)
  }, [draft])
  return { rows, error, refresh }
}
