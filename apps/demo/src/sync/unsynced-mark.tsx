import { Tooltip } from '@mantine/core'
import { IconCloudUp } from '@tabler/icons-react'
import type { ReactNode } from 'react'
import { useUnsynced } from './unsynced-context.tsx'
import classes from './unsynced-mark.module.css'

/** Says of an entity or relation that this tab has changed it and the relay does not know yet. */
export function UnsyncedMark({
  id,
  withText = false,
}: {
  readonly id: string
  readonly withText?: boolean
}): ReactNode {
  const { changes } = useUnsynced()
  if (!changes.some(({ ids }) => ids.includes(id))) return null
  return (
    <Tooltip label="Changed here; the relay does not have it yet" withinPortal>
      <span
        className={classes.mark}
        {...(withText ? {} : { role: 'img', 'aria-label': 'Not synced yet' })}
      >
        <IconCloudUp size={15} stroke={1.7} aria-hidden />
        {withText && 'Not synced yet'}
      </span>
    </Tooltip>
  )
}
