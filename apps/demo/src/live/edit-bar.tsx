import { Button, Text } from '@mantine/core'
import { IconArrowsShuffle, IconPlayerStop } from '@tabler/icons-react'
import { type ReactNode, useEffect, useMemo, useRef, useState } from 'react'
import { useCounts } from '../data/counts.tsx'
import { ErrorNotice } from '../shell/error-notice.tsx'
import { useUniverse } from '../universe.ts'
import classes from './live-page.module.css'
import { BURST_EDITS, createRandomEdits } from './random-edits.ts'

type Burst =
  | { readonly kind: 'none' }
  | { readonly kind: 'running' | 'done'; readonly editCount: number }
  | { readonly kind: 'failed'; readonly error: unknown }

/** Makes edits at random, and says how far it is. They can begin when the views are there. */
export function EditBar({ isReady }: { readonly isReady: boolean }): ReactNode {
  const universe = useUniverse()
  const edits = useMemo(() => createRandomEdits(universe), [universe])
  const counts = useCounts()
  const [burst, setBurst] = useState<Burst>({ kind: 'none' })
  const abort = useRef<AbortController>(undefined)
  useEffect(() => () => abort.current?.abort(), [])

  async function run(): Promise<void> {
    const controller = new AbortController()
    abort.current = controller
    let editCount = 0
    const show = (kind: 'running' | 'done'): void => setBurst({ kind, editCount })
    show('running')
    try {
      await edits.run((done) => {
        editCount = done
        show('running')
      }, controller.signal)
      show('done')
    } catch (error) {
      if (controller.signal.aborted) show('done')
      else setBurst({ kind: 'failed', error })
    }
  }

  const isRunning = burst.kind === 'running'
  return (
    <>
      <div className={classes.bar}>
        {isRunning ? (
          <Button
            variant="default"
            leftSection={<IconPlayerStop size={16} stroke={1.6} aria-hidden />}
            onClick={() => abort.current?.abort()}
          >
            Stop
          </Button>
        ) : (
          <Button
            leftSection={<IconArrowsShuffle size={16} stroke={1.6} aria-hidden />}
            disabled={!isReady || counts === undefined || counts.entityCount === 0}
            onClick={() => void run()}
          >
            Make {BURST_EDITS} random edits
          </Button>
        )}
        <Text size="sm" c="dimmed" className="count" role="status" aria-label="Random edits">
          {burst.kind === 'running' && `${burst.editCount} of ${BURST_EDITS}, one after the other`}
          {burst.kind === 'done' && `${burst.editCount} edits made`}
          {burst.kind === 'none' &&
            (counts?.entityCount === 0
              ? 'There is nothing to relate yet: import WordNet first.'
              : 'They add relations and words, and remove some of those again.')}
        </Text>
      </div>
      {burst.kind === 'failed' && (
        <ErrorNotice error={burst.error} title="The edits were broken off" />
      )}
    </>
  )
}
