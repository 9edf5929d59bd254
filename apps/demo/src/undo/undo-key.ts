/** Which keys undo edits of entities and relations, and where they are left to others. */

/** Back, or forth again. */
export type Way = 'undo' | 'redo'

/** What of a key press tells. */
export type PressedKey = Pick<
  KeyboardEvent,
  'key' | 'ctrlKey' | 'metaKey' | 'shiftKey' | 'altKey' | 'defaultPrevented' | 'target'
>

/** Text has an undo of its own, and what is under a dialog is not to be seen. */
const ELSEWHERE = `input:not([type="radio"], [type="checkbox"]), textarea, select,
  [contenteditable="true"], [role="dialog"]`

/** Ctrl+Z (on a Mac Cmd+Z), with Shift or as Ctrl+Y for the other way; undefined: neither. */
export function wayOfKey(pressed: PressedKey): Way | undefined {
  const { key, ctrlKey, metaKey, shiftKey, altKey, defaultPrevented, target } = pressed
  if (ctrlKey === metaKey || altKey || defaultPrevented) return undefined
  const isElsewhere = (target as Partial<Element> | null)?.closest?.(ELSEWHERE) != null
  if (isElsewhere) return undefined
  if (key.toLowerCase() === 'z') return shiftKey ? 'redo' : 'undo'
  return key.toLowerCase() === 'y' && ctrlKey && !shiftKey ? 'redo' : undefined
}
