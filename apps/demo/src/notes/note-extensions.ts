/** What CodeMirror is made of to edit a note together. */
import { standardKeymap } from '@codemirror/commands'
import type { Extension } from '@codemirror/state'
import { EditorView, keymap, placeholder } from '@codemirror/view'
import type { OpenDocument } from '@inner-universe/client'
import { yCollab, yUndoManagerKeymap } from 'y-codemirror.next'
import type { UndoManager, Text as YText } from 'yjs'
import { isCursor, writerOf } from './writer.ts'

/** What an editor of a note needs. */
export interface NoteEditing {
  readonly text: YText
  readonly awareness: OpenDocument['awareness']
  readonly undoManager: UndoManager
  /** What it is called to those who do not see it, now. */
  readonly label: () => string
}

/** Tab is left to the page, so that the keyboard gets out of the note again. */
export function noteExtensions({ text, awareness, undoManager, label }: NoteEditing): Extension {
  return [
    keymap.of([...yUndoManagerKeymap, ...standardKeymap]),
    EditorView.lineWrapping,
    EditorView.contentAttributes.of(() => ({ 'aria-label': label(), spellcheck: 'true' })),
    placeholder('Write something. Whoever opens this page can write along.'),
    yCollab(text, tidied(awareness), { undoManager }),
    look,
  ]
}

/** An awareness whose states make sense: the editor takes colours and cursors as they come. */
function tidied(awareness: OpenDocument['awareness']) {
  return {
    doc: awareness.doc,
    getLocalState: () => awareness.getLocalState(),
    setLocalStateField: (field: string, value: unknown) =>
      awareness.setLocalStateField(field, value),
    on: awareness.on.bind(awareness),
    off: awareness.off.bind(awareness),
    getStates: () =>
      new Map(
        [...awareness.getStates()].map(([client, { user, cursor }]) => [
          client,
          { user: writerOf(user), cursor: isCursor(cursor) ? cursor : null },
        ]),
      ),
  }
}

const look = EditorView.theme({
  '&': { backgroundColor: 'transparent', color: 'var(--ink)' },
  '&.cm-focused': { outline: 'none' },
  '.cm-scroller': { fontFamily: 'var(--serif)', fontSize: '17px', lineHeight: '1.75' },
  // Above the first line there is room for the name at somebody's cursor.
  '.cm-content': { minHeight: '8.5em', padding: '24px 0 14px', caretColor: 'var(--ink)' },
  '.cm-line': { padding: '0 16px' },
  '.cm-placeholder': { color: 'var(--quiet)', fontStyle: 'italic' },
  '.cm-ySelectionCaret': { borderLeftWidth: '2px', borderRightWidth: '0', marginRight: '-2px' },
  '.cm-ySelectionCaretDot': { display: 'none' },
  // Names are always there, not only under the mouse: fingers have none.
  '.cm-ySelectionInfo': {
    opacity: '1',
    top: '-1.3em',
    left: '-2px',
    padding: '0 5px',
    borderRadius: '5px 5px 5px 0',
    fontFamily: 'var(--mantine-font-family)',
    fontSize: '10px',
    fontWeight: '600',
    lineHeight: '1.35',
    pointerEvents: 'none',
  },
})
