/** Work on the whole file, as the three parts of the storage page do it. */
import type { Progress as ProgressValue } from '@inner-universe/client'
import { Button, Group, Progress, Stack, Text } from '@mantine/core'
import { type ReactNode, useRef, useState } from 'react'
import { formatBytes } from '../data/format.ts'
import { ErrorNotice } from '../shell/error-notice.tsx'

/** How a transfer stands. */
export type TransferState =
  | { readonly kind: 'idle' }
  | { readonly kind: 'running'; readonly progress: ProgressValue | undefined }
  | { readonly kind: 'done'; readonly text: string }
  | { readonly kind: 'failed'; readonly error: unknown }

/** What a transfer is given. */
export interface TransferOptions {
  readonly signal: AbortSignal
  readonly onProgress: (progress: ProgressValue) => void
}

/** A transfer that can be started and cancelled. */
export interface Transfer {
  readonly state: TransferState
  /** Runs `work`, which gives the sentence to show at its end; undefined for none. */
  readonly start: (work: (options: TransferOptions) => Promise<string | undefined>) => void
  readonly cancel: () => void
  readonly reset: () => void
}

/** A transfer of the component. */
export function useTransfer(): Transfer {
  const [state, setState] = useState<TransferState>({ kind: 'idle' })
  const abort = useRef<AbortController>(undefined)
  return {
    state,
    start(work) {
      const controller = new AbortController()
      abort.current = controller
      setState({ kind: 'running', progress: undefined })
      const onProgress = (progress: ProgressValue): void => {
        if (!controller.signal.aborted) setState({ kind: 'running', progress })
      }
      work({ signal: controller.signal, onProgress }).then(
        (text) => setState(text === undefined ? { kind: 'idle' } : { kind: 'done', text }),
        (error: unknown) =>
          setState(controller.signal.aborted ? { kind: 'idle' } : { kind: 'failed', error }),
      )
    },
    cancel: () => abort.current?.abort(),
    reset: () => setState({ kind: 'idle' }),
  }
}

/** Progress, end or failure of a transfer. */
export function TransferNotice({
  transfer: { state, cancel, reset },
  label,
  failedTitle,
}: {
  readonly transfer: Transfer
  readonly label: string
  readonly failedTitle: string
}): ReactNode {
  switch (state.kind) {
    case 'idle':
      return null
    case 'running': {
      const { doneBytes = 0, totalBytes } = state.progress ?? {}
      return (
        <Stack gap={6}>
          <Progress
            aria-label={label}
            value={totalBytes === undefined ? 100 : (doneBytes / Math.max(1, totalBytes)) * 100}
            animated={totalBytes === undefined}
          />
          <Group justify="space-between">
            <Text size="sm" c="dimmed" className="count">
              {formatBytes(doneBytes)}
              {totalBytes !== undefined && ` of ${formatBytes(totalBytes)}`}
            </Text>
            <Button size="compact-xs" variant="subtle" color="gray" onClick={cancel}>
              Cancel
            </Button>
          </Group>
        </Stack>
      )
    }
    case 'done':
      return (
        <Text size="sm" role="status">
          {state.text}
        </Text>
      )
    case 'failed':
      return <ErrorNotice error={state.error} title={failedTitle} onClose={reset} />
  }
}
