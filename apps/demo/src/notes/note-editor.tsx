import { EditorState } from '@codemirror/state'
import { EditorView } from '@codemirror/view'
import type { DocumentStatus, OpenDocument } from '@inner-universe/client'
import { Text } from '@mantine/core'
import { type ReactNode, useEffect, useRef, useState } from 'react'
import { formatPlural } from '../data/format.ts'
import { usePeople } from '../presence/presence-context.tsx'
import { ErrorNotice } from '../shell/error-notice.tsx'
import { useDocument } from '../universe.ts'
import classes from './note.module.css'
import { noteExtensions } from './note-extensions.ts'
import { NoteLoading } from './note-loading.tsx'
import { useNoteFaults, useOtherWriters } from './note-state.ts'
import { type OtherWriter, writerOfDevice } from './writer.ts'

/** The text of an entity's note, for all who have it open. Loaded, with its editor, when it is shown. */
export function NoteEditor({
  id,
  name,
  isBegun,
}: {
  readonly id: string
  readonly name: string
  /** True: somebody just asked to write, so the cursor goes there. */
  readonly isBegun: boolean
}): ReactNode {
  const [tryCount, setTryCount] = useState(0)
  return (
    <Opening
      key={tryCount}
      id={id}
      label={`Note on ${name}`}
      hasFocus={isBegun}
      onRetry={() => setTryCount(tryCount + 1)}
    />
  )
}

function Opening({
  id,
  label,
  hasFocus,
  onRetry,
}: {
  readonly id: string
  readonly label: string
  readonly hasFocus: boolean
  readonly onRetry: () => void
}): ReactNode {
  const { document: note, status, error } = useDocument('entity_note', id, 'body')
  if (error !== undefined) {
    return <ErrorNotice error={error} title="The note cannot be opened" onRetry={onRetry} />
  }
  if (note === undefined || status === undefined) return <NoteLoading />
  return <Open note={note} status={status} label={label} hasFocus={hasFocus} />
}

function Open({
  note,
  status,
  label,
  hasFocus,
}: {
  readonly note: OpenDocument
  readonly status: DocumentStatus
  readonly label: string
  readonly hasFocus: boolean
}): ReactNode {
  const { device } = usePeople()
  const writers = useOtherWriters(note)
  const faultCount = useNoteFaults(note)
  const parent = useRef<HTMLDivElement>(null)
  const isToFocus = useRef(hasFocus)
  // Not made anew for another name: who is writing would lose the cursor.
  const latestLabel = useRef(label)
  latestLabel.current = label

  useEffect(() => {
    note.awareness.setLocalStateField('user', writerOfDevice(device))
  }, [note, device])

  useEffect(() => {
    if (parent.current === null) return
    const { doc, awareness } = note
    const text = doc.getText('content')
    const undoManager = note.undoManager(text)
    const extensions = noteExtensions({
      text,
      awareness,
      undoManager,
      label: () => latestLabel.current,
    })
    const state = EditorState.create({ doc: text.toString(), extensions })
    const view = new EditorView({ state, parent: parent.current })
    if (isToFocus.current) view.focus()
    return () => {
      view.destroy()
      undoManager.destroy()
    }
  }, [note])

  return (
    <>
      {status.kind === 'failed' && (
        <ErrorNotice error={status.error} title="What you write here is not saved yet" />
      )}
      <div className={classes.paper}>
        <div ref={parent} />
        <div className={classes.foot}>
          <span data-kind={status.kind} className={classes.state}>
            {STATE_TEXTS[status.kind]}
          </span>
          <Writers writers={writers} />
        </div>
      </div>
      {!status.isComplete && (
        <Text size="sm" c="dimmed" mt={6}>
          Some of what others wrote has not come here yet.
        </Text>
      )}
      {faultCount > 0 && (
        <Text size="sm" c="dimmed" mt={6}>
          {formatPlural(faultCount, 'part')} of this note cannot be read and{' '}
          {faultCount === 1 ? 'is' : 'are'} left out.
        </Text>
      )}
    </>
  )
}

const STATE_TEXTS = { saved: 'Saved', saving: 'Saving…', failed: 'Not saved' } as const

function Writers({ writers }: { readonly writers: readonly OtherWriter[] }): ReactNode {
  if (writers.length === 0) return null
  return (
    <ul className={classes.writers} aria-label="Also in this note">
      {writers.map(({ client, name, color }) => (
        <li key={client} className={classes.writer} style={{ background: color }}>
          {name}
        </li>
      ))}
    </ul>
  )
}
