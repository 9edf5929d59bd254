import { ActionIcon, Button, FileButton, Group, Menu, Modal, Stack, Text } from '@mantine/core'
import { IconCut, IconDots, IconFileExport, IconFileImport } from '@tabler/icons-react'
import { type ReactNode, useRef, useState } from 'react'
import { formatBytes, formatPlural } from '../data/format.ts'
import { ErrorNotice } from '../shell/error-notice.tsx'
import { save } from '../storage/save-file.ts'
import { UNIVERSE_NAME, useUniverse } from '../universe.ts'
import type { Outcome } from './outcome-notice.tsx'
import { RetainModal } from './retain-modal.tsx'
import { useAction } from './use-action.ts'

/** What is done with all versions at once: as a file, and fewer of them. */
export function HistoryMenu({
  hasVersions,
  onOutcome,
}: {
  readonly hasVersions: boolean
  readonly onOutcome: (outcome: Outcome) => void
}): ReactNode {
  const { versions } = useUniverse()
  const [isRetaining, setIsRetaining] = useState(false)
  const { run, isPending, error, reset } = useAction()
  const resetInput = useRef<() => void>(null)

  function exportAll(): void {
    run(async () => {
      const bytes = await versions.export()
      const day = new Date().toISOString().slice(0, 10)
      save(new Blob([bytes as Uint8Array<ArrayBuffer>]), `${UNIVERSE_NAME}-${day}.versions`)
      onOutcome({ kind: 'told', text: `The versions were saved, ${formatBytes(bytes.length)}.` })
    })
  }

  function importFile(file: File | null): void {
    if (file === null) return
    run(async () => {
      const ids = await versions.import(new Uint8Array(await file.arrayBuffer()))
      const came = ids.length === 0 ? 'all of it was here' : formatPlural(ids.length, 'version')
      onOutcome({ kind: 'told', text: `Imported ${file.name}: ${came}.` })
    })
    resetInput.current?.()
  }

  return (
    <>
      <FileButton onChange={importFile} accept=".versions" resetRef={resetInput}>
        {({ onClick }) => (
          <Menu position="bottom-end" width={230}>
            <Menu.Target>
              <ActionIcon
                variant="subtle"
                color="gray"
                size="lg"
                mt={10}
                loading={isPending}
                aria-label="More for all versions"
              >
                <IconDots size={20} stroke={1.6} aria-hidden />
              </ActionIcon>
            </Menu.Target>
            <Menu.Dropdown>
              <Menu.Item
                disabled={!hasVersions}
                leftSection={<IconFileExport size={16} stroke={1.6} aria-hidden />}
                onClick={exportAll}
              >
                Export all versions
              </Menu.Item>
              <Menu.Item
                leftSection={<IconFileImport size={16} stroke={1.6} aria-hidden />}
                onClick={onClick}
              >
                Import versions
              </Menu.Item>
              <Menu.Divider />
              <Menu.Item
                disabled={!hasVersions}
                leftSection={<IconCut size={16} stroke={1.6} aria-hidden />}
                onClick={() => setIsRetaining(true)}
              >
                Keep only the newest
              </Menu.Item>
            </Menu.Dropdown>
          </Menu>
        )}
      </FileButton>
      {isRetaining && <RetainModal onClose={() => setIsRetaining(false)} onOutcome={onOutcome} />}
      <Modal
        opened={error !== undefined}
        onClose={reset}
        title="That was not done"
        closeButtonProps={{ 'aria-label': 'Close' }}
      >
        <Stack>
          <ErrorNotice error={error} />
          <Text size="sm">What was here is as it was.</Text>
          <Group justify="flex-end">
            <Button variant="default" onClick={reset}>
              Close
            </Button>
          </Group>
        </Stack>
      </Modal>
    </>
  )
}
