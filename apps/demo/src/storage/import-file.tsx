import { Button, FileButton, Group, Modal, Stack, Text } from '@mantine/core'
import { IconFileImport } from '@tabler/icons-react'
import { type ReactNode, useRef, useState } from 'react'
import { formatBytes } from '../data/format.ts'
import { useUniverse } from '../universe.ts'
import { TransferNotice, useTransfer } from './transfer.tsx'

/** Replaces the universe by a database file, after asking. */
export function ImportFile(): ReactNode {
  const universe = useUniverse()
  const transfer = useTransfer()
  const [file, setFile] = useState<File | null>(null)
  const resetInput = useRef<() => void>(null)

  function importFile(chosen: File): void {
    setFile(null)
    transfer.start(async (options) => {
      await universe.importFile(chosen, options)
      return `Imported ${chosen.name}, ${formatBytes(chosen.size)}.`
    })
  }

  function close(): void {
    setFile(null)
    resetInput.current?.()
  }

  return (
    <Stack gap="xs">
      <FileButton onChange={setFile} accept=".sqlite,.sqlite3,.db" resetRef={resetInput}>
        {(props) => (
          <Button
            {...props}
            variant="default"
            w="fit-content"
            leftSection={<IconFileImport size={17} stroke={1.6} aria-hidden />}
            disabled={transfer.state.kind === 'running'}
          >
            Import a file
          </Button>
        )}
      </FileButton>
      <TransferNotice
        transfer={transfer}
        label="Import of the file"
        failedTitle="It was not imported; what was here still is"
      />
      <Modal
        opened={file !== null}
        onClose={close}
        title="Replace everything here?"
        closeButtonProps={{ 'aria-label': 'Close' }}
      >
        <Stack>
          <Text size="sm">
            {file?.name} ({formatBytes(file?.size ?? 0)}) takes the place of this universe in all
            tabs. Export what is here first if you want to keep it.
          </Text>
          <Group justify="flex-end">
            <Button variant="default" onClick={close}>
              Cancel
            </Button>
            <Button color="red" onClick={() => file !== null && importFile(file)}>
              Replace
            </Button>
          </Group>
        </Stack>
      </Modal>
    </Stack>
  )
}
