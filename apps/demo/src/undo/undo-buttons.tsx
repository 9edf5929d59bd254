import { ActionIcon, Menu, Tooltip } from '@mantine/core'
import { IconArrowBackUp, IconArrowForwardUp } from '@tabler/icons-react'
import type { ReactNode } from 'react'
import { useEdits } from './edits-context.tsx'
import classes from './undo-buttons.module.css'

const WAYS = [
  { way: 'undo', word: 'Undo', keys: 'Ctrl+Z', Icon: IconArrowBackUp },
  { way: 'redo', word: 'Redo', keys: 'Ctrl+Shift+Z', Icon: IconArrowForwardUp },
] as const

/** Undoes the last edit, and does it again; each says which. */
export function UndoButtons(): ReactNode {
  const { labels, turn } = useEdits()
  return WAYS.map(({ way, word, keys, Icon }) => {
    const text = textOf(word, labels[way])
    const isNone = labels[way] === null
    return (
      <Tooltip key={way} label={`${text} (${keys})`}>
        <ActionIcon
          variant="subtle"
          color="gray"
          size="lg"
          className={classes.button}
          aria-label={text}
          // Not `disabled`: the keyboard would lose its place when the last step is undone.
          aria-disabled={isNone}
          {...(isNone && { 'data-disabled': true })}
          onClick={() => {
            if (!isNone) turn(way)
          }}
        >
          <Icon size={20} stroke={1.6} aria-hidden />
        </ActionIcon>
      </Tooltip>
    )
  })
}

/** The same in a menu. */
export function UndoMenuItems(): ReactNode {
  const { labels, turn } = useEdits()
  return WAYS.map(({ way, word, Icon }) => (
    <Menu.Item
      key={way}
      disabled={labels[way] === null}
      leftSection={<Icon size={16} stroke={1.6} aria-hidden />}
      onClick={() => turn(way)}
    >
      {textOf(word, labels[way])}
    </Menu.Item>
  ))
}

function textOf(word: string, label: string | null): string {
  return label === null ? word : `${word}: ${label}`
}
