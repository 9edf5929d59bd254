import { Button, Skeleton, Text, Title } from '@mantine/core'
import { IconPencil } from '@tabler/icons-react'
import { lazy, type ReactNode, Suspense, useState } from 'react'
import { ErrorBoundary } from '../shell/error-boundary.tsx'
import { ErrorNotice } from '../shell/error-notice.tsx'
import { useCall, useLiveQuery } from '../universe.ts'
import classes from './note.module.css'
import { NoteLoading } from './note-loading.tsx'

// The editor and Yjs are a third of the code, and most entities have no note.
const NoteEditor = lazy(() =>
  import('./note-editor.tsx').then((module) => ({ default: module.NoteEditor })),
)

/** The note on an entity, which whoever has it open writes together. */
export function NotePanel({ id, name }: { readonly id: string; readonly name: string }): ReactNode {
  const { rows, isReady, error } = useLiveQuery((q) => q.entity_note.where({ id }).limit(1), [id])
  const [isBegun, setIsBegun] = useState(false)
  return (
    <section className={classes.panel} aria-labelledby="notes">
      <Title order={2} id="notes" className={classes.title}>
        Notes
      </Title>
      {error !== undefined ? (
        <ErrorNotice error={error} title="The note cannot be read" />
      ) : !isReady ? (
        <Skeleton height={108} radius={10} aria-label="Loading the note" />
      ) : rows.length === 0 ? (
        <Empty id={id} onBegin={setIsBegun} />
      ) : (
        <ErrorBoundary title="The note cannot be shown" resetKey={id}>
          <Suspense fallback={<NoteLoading />}>
            <NoteEditor id={id} name={name} isBegun={isBegun} />
          </Suspense>
        </ErrorBoundary>
      )}
    </section>
  )
}

function Empty({
  id,
  onBegin,
}: {
  readonly id: string /** Called with true before it is begun: it may be there before the answer is. False: refused. */
  readonly onBegin: (isBegun: boolean) => void
}): ReactNode {
  const { call, isPending, error, reset } = useCall('beginNote')
  function begin(): void {
    onBegin(true)
    call({ entity: id }).then(undefined, () => onBegin(false))
  }
  return (
    <div className={classes.empty}>
      <Text c="dimmed">
        Nobody has written a note yet. Everybody here can write in it at once, also offline.
      </Text>
      {error !== undefined && (
        <ErrorNotice error={error} title="The note was not begun" onClose={reset} />
      )}
      <Button
        variant="default"
        size="xs"
        loading={isPending}
        leftSection={<IconPencil size={14} stroke={1.6} aria-hidden />}
        onClick={begin}
      >
        Write a note
      </Button>
    </div>
  )
}
