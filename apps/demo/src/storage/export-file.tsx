import { Button, Stack } from '@mantine/core'
import { IconFileExport } from '@tabler/icons-react'
import type { ReactNode } from 'react'
import { formatBytes } from '../data/format.ts'
import { UNIVERSE_NAME, useUniverse } from '../universe.ts'
import { save } from './save-file.ts'
import { TransferNotice, useTransfer } from './transfer.tsx'

/** Saves the database as a file. */
export function ExportFile(): ReactNode {
  const universe = useUniverse()
  const transfer = useTransfer()

  function exportFile(): void {
    transfer.start(async (options) => {
      const day = new Date().toISOString().slice(0, 10)
      const blob = await new Response(universe.exportFile(options)).blob()
      save(blob, `${UNIVERSE_NAME}-${day}.sqlite`)
      return `Saved ${formatBytes(blob.size)}.`
    })
  }

  return (
    <Stack gap="xs">
      <Button
        variant="default"
        w="fit-content"
        leftSection={<IconFileExport size={17} stroke={1.6} aria-hidden />}
        disabled={transfer.state.kind === 'running'}
        onClick={exportFile}
      >
        Export the file
      </Button>
      <TransferNotice transfer={transfer} label="Export" failedTitle="It was not exported" />
    </Stack>
  )
}
