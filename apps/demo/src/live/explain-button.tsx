import { ActionIcon, Tooltip } from '@mantine/core'
import { IconSitemap } from '@tabler/icons-react'
import { type ReactNode, useState } from 'react'
import { ExplainDrawer, type ExplainedBuild } from './explain-drawer.tsx'

/** Opens the graph by which a live list is kept. */
export function ExplainButton({
  title,
  build,
}: {
  readonly title: string
  readonly build: ExplainedBuild
}): ReactNode {
  const [isOpen, setIsOpen] = useState(false)
  return (
    <>
      <Tooltip label="How it is kept">
        <ActionIcon
          variant="subtle"
          color="gray"
          ml="auto"
          aria-label={`How it is kept: ${title}`}
          onClick={() => setIsOpen(true)}
        >
          <IconSitemap size={18} stroke={1.6} aria-hidden />
        </ActionIcon>
      </Tooltip>
      <ExplainDrawer title={title} build={build} isOpen={isOpen} onClose={() => setIsOpen(false)} />
    </>
  )
}
