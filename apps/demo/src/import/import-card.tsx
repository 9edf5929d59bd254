import { Anchor, Button, Group, Modal, Paper, Progress, Stack, Text, Title } from '@mantine/core'
import { IconDownload, IconPlayerPlay } from '@tabler/icons-react'
import { type ReactNode, useState } from 'react'
import type { Counts } from '../data/counts.tsx'
import { formatCount, formatDuration } from '../data/format.ts'
import { ErrorNotice } from '../shell/error-notice.tsx'
import { WORDNET_LICENCE } from '../wordnet/licence.ts'
import type { ImportScope } from '../wordnet/read-wordnet.ts'
import { POINTER_COUNT, SAMPLE_SYNSET_COUNT, SYNSET_COUNT } from '../wordnet/size.ts'
import classes from './import-card.module.css'
import { type LastImport, useImport } from './import-context.tsx'
import type { ImportProgress } from './import-job.ts'

/** Offers, shows and ends the import of WordNet; nothing when there is nothing to say. */
export function ImportCard({
  counts,
  last: { mark, isElsewhere, isOfOtherDevice },
}: {
  readonly counts: Counts
  readonly last: LastImport
}): ReactNode {
  const { job, state } = useImport()
  switch (state.kind) {
    case 'running':
      return <Running progress={state.progress} onCancel={job.cancel} />
    case 'done':
      return <Done progress={state.progress} onClose={job.dismiss} />
    case 'failed':
      return (
        <ErrorNotice
          error={state.error}
          title="The import stopped; what it wrote is kept"
          onRetry={() => job.start(state.scope)}
          onClose={job.dismiss}
        />
      )
    case 'idle':
    case 'cancelled':
      if (isElsewhere) return <Elsewhere counts={counts} />
      if (mark?.state === 'begun' && isOfOtherDevice) {
        return <OnOtherDevice scope={mark.scope} counts={counts} onStart={job.start} />
      }
      if (mark?.state === 'begun') {
        return <Unfinished scope={mark.scope} counts={counts} onStart={job.start} />
      }
      if (counts.entityCount === 0) return <Empty onStart={job.start} />
      return mark?.scope === 'sample' ? <Sampled onStart={job.start} /> : null
  }
}

type OnStart = (scope: ImportScope) => void

function Card({
  title,
  children,
}: {
  readonly title: string
  readonly children: ReactNode
}): ReactNode {
  return (
    <Paper component="section" aria-label={title} withBorder radius="lg" className={classes.card}>
      <Title order={2} className={classes.title}>
        {title}
      </Title>
      {children}
    </Paper>
  )
}

function Empty({ onStart }: { readonly onStart: OnStart }): ReactNode {
  return (
    <Card title="This universe is empty">
      <Text c="dimmed" maw="58ch">
        Import WordNet 3.1: {formatCount(SYNSET_COUNT)} meanings and {formatCount(POINTER_COUNT)}{' '}
        relations between them, written through the store’s own reducers. It may be cancelled and
        gone on with at any time.
      </Text>
      <Group mt="md" gap="xs">
        <Button
          leftSection={<IconDownload size={17} stroke={1.7} aria-hidden />}
          onClick={() => onStart('all')}
        >
          Import WordNet
        </Button>
        <Button variant="default" onClick={() => onStart('sample')}>
          Import a sample ({formatCount(SAMPLE_SYNSET_COUNT)} synsets)
        </Button>
      </Group>
      <Licence />
    </Card>
  )
}

function Sampled({ onStart }: { readonly onStart: OnStart }): ReactNode {
  return (
    <Card title="This is a sample of WordNet">
      <Text c="dimmed">
        The whole has {formatCount(SYNSET_COUNT)} meanings; what is here stays as it is.
      </Text>
      <Group mt="md">
        <Button variant="default" onClick={() => onStart('all')}>
          Import the rest
        </Button>
      </Group>
    </Card>
  )
}

function Unfinished({
  scope,
  counts,
  onStart,
}: {
  readonly scope: ImportScope
  readonly counts: Counts
  readonly onStart: OnStart
}): ReactNode {
  return (
    <Card title="The import is not finished">
      <Text c="dimmed" className="count">
        {formatCount(counts.entityCount)} entities and {formatCount(counts.relationCount)} relations
        are here. Going on skips them.
      </Text>
      <Group mt="md">
        <Button
          leftSection={<IconPlayerPlay size={16} stroke={1.7} aria-hidden />}
          onClick={() => onStart(scope)}
        >
          Go on
        </Button>
      </Group>
    </Card>
  )
}

function Elsewhere({ counts }: { readonly counts: Counts }): ReactNode {
  return (
    <Card title="Another tab is importing">
      <Text c="dimmed" className="count">
        {formatCount(counts.entityCount)} entities and {formatCount(counts.relationCount)} relations
        so far.
      </Text>
    </Card>
  )
}

function OnOtherDevice({
  scope,
  counts,
  onStart,
}: {
  readonly scope: ImportScope
  readonly counts: Counts
  readonly onStart: OnStart
}): ReactNode {
  return (
    <Card title="Another device is importing">
      <Text c="dimmed" className="count">
        {formatCount(counts.entityCount)} entities and {formatCount(counts.relationCount)} relations
        have come so far. If that device is gone, the import can go on here: its rows are the same.
      </Text>
      <Group mt="md">
        <Button variant="default" onClick={() => onStart(scope)}>
          Go on here
        </Button>
      </Group>
    </Card>
  )
}

function Running({
  progress,
  onCancel,
}: {
  readonly progress: ImportProgress | undefined
  readonly onCancel: () => void
}): ReactNode {
  const done = progress === undefined ? 0 : progress.entityDone + progress.relationDone
  const total = progress === undefined ? 0 : progress.entityTotal + progress.relationTotal
  const percent = total === 0 ? 0 : (done / total) * 100
  return (
    <Card title="Importing WordNet">
      <Progress
        value={percent}
        size="lg"
        radius="xl"
        mt={4}
        aria-label="Import"
        transitionDuration={100}
      />
      <dl className={`${classes.figures} count`}>
        <div>
          <dt>Entities</dt>
          <dd>
            {formatCount(progress?.entityDone ?? 0)} of {formatCount(progress?.entityTotal ?? 0)}
          </dd>
        </div>
        <div>
          <dt>Relations</dt>
          <dd>
            {formatCount(progress?.relationDone ?? 0)} of{' '}
            {formatCount(progress?.relationTotal ?? 0)}
          </dd>
        </div>
        <div>
          <dt>Rows per second</dt>
          <dd>
            {progress?.rowsPerSecond === undefined
              ? '…'
              : formatCount(Math.round(progress.rowsPerSecond))}
          </dd>
        </div>
        <div>
          <dt>Remaining</dt>
          <dd>
            {progress?.remainingMs === undefined
              ? '…'
              : `about ${formatDuration(Math.ceil(progress.remainingMs / 1000) * 1000)}`}
          </dd>
        </div>
      </dl>
      <Group mt="md">
        <Button variant="default" onClick={onCancel}>
          Cancel
        </Button>
      </Group>
    </Card>
  )
}

function Done({
  progress,
  onClose,
}: {
  readonly progress: ImportProgress
  readonly onClose: () => void
}): ReactNode {
  return (
    <Card title="WordNet is here">
      <Text c="dimmed" className="count">
        {formatCount(progress.entityDone)} entities and {formatCount(progress.relationDone)}{' '}
        relations in {formatDuration(progress.elapsedMs)}. Press <kbd>/</kbd> to search them.
      </Text>
      <Group mt="md">
        <Button variant="default" onClick={onClose}>
          Close
        </Button>
      </Group>
    </Card>
  )
}

/** WordNet may be used by anybody as long as this is shown with it. */
export function Licence(): ReactNode {
  const [isShown, setIsShown] = useState(false)
  return (
    <>
      <Text size="xs" c="dimmed" mt="lg">
        WordNet 3.1 © 2011 Princeton University, under{' '}
        <Anchor component="button" type="button" size="xs" onClick={() => setIsShown(true)}>
          the WordNet licence
        </Anchor>
        .
      </Text>
      <Modal
        opened={isShown}
        onClose={() => setIsShown(false)}
        title="WordNet licence"
        size="lg"
        closeButtonProps={{ 'aria-label': 'Close' }}
      >
        <Stack gap="sm">
          {WORDNET_LICENCE.map((paragraph) => (
            <Text key={paragraph} size="sm">
              {paragraph}
            </Text>
          ))}
        </Stack>
      </Modal>
    </>
  )
}
