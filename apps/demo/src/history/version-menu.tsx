import type { Version, VersionRef } from '@inner-universe/client'
import { ActionIcon, Menu } from '@mantine/core'
import { IconDots, IconTag, IconTagOff, IconTrash } from '@tabler/icons-react'
import type { ReactNode } from 'react'
import { useUniverse } from '../universe.ts'
import type { Action } from './use-action.ts'

/** What is done with a version now and then: names, and letting it go. */
export function VersionMenu({
  version,
  refs,
  run,
  onTag,
  onDropped,
}: {
  readonly version: Version
  readonly refs: readonly VersionRef[]
  readonly run: Action['run']
  readonly onTag: () => void
  readonly onDropped: () => void
}): ReactNode {
  const { versions } = useUniverse()
  return (
    <Menu position="bottom-end" width={230}>
      <Menu.Target>
        <ActionIcon variant="subtle" color="gray" size="lg" aria-label="More for this version">
          <IconDots size={19} stroke={1.6} aria-hidden />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item leftSection={<IconTag size={16} stroke={1.6} aria-hidden />} onClick={onTag}>
          Tag it
        </Menu.Item>
        {refs
          .filter((ref) => ref.version === version.id)
          .map(({ kind, name }) => (
            <Menu.Item
              key={`${kind} ${name}`}
              leftSection={<IconTagOff size={16} stroke={1.6} aria-hidden />}
              onClick={() => run(() => versions.removeName(kind, name))}
            >
              Remove the {kind} {name}
            </Menu.Item>
          ))}
        <Menu.Divider />
        <Menu.Item
          color="red"
          leftSection={<IconTrash size={16} stroke={1.6} aria-hidden />}
          onClick={() =>
            run(async () => {
              await versions.drop([version.id])
              onDropped()
            })
          }
        >
          Drop this version
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  )
}
