import { Anchor, Button, CopyButton, Group, Progress, Stack, Text, Title } from '@mantine/core'
import { type ReactNode, useState } from 'react'
import { useCounts } from '../data/counts.tsx'
import { formatBytes, formatCount } from '../data/format.ts'
import { Licence } from '../import/import-card.tsx'
import { ErrorNotice } from '../shell/error-notice.tsx'
import { Page, PageTitle } from '../shell/page.tsx'
import { useLiveSql, useStatus, useUniverse } from '../universe.ts'
import { DeleteUniverse } from './delete-universe.tsx'
import { ExportFile } from './export-file.tsx'
import { ImportFile } from './import-file.tsx'
import classes from './storage-page.module.css'

/** Where the universe lives, how safe it is there, and what can be done with it as a whole. */
export function StoragePage(): ReactNode {
  return (
    <Page title="Storage" size="sm">
      <Stack gap={36}>
        <header>
          <PageTitle>Storage</PageTitle>
          <Text c="dimmed">
            The universe is one SQLite database in this browser’s own storage. A relay, if there is
            one, passes changes on to your other devices.
          </Text>
        </header>
        <Where />
        <section aria-labelledby="file">
          <Title order={2} id="file" className={classes.sectionTitle}>
            The database file
          </Title>
          <Text c="dimmed" size="sm" mb="md">
            Any SQLite tool can open an exported file. An imported one takes the place of everything
            here, in all tabs.
          </Text>
          <Stack gap="sm">
            <ExportFile />
            <ImportFile />
            <Verify />
          </Stack>
        </section>
        <DeleteUniverse />
        <Licence />
      </Stack>
    </Page>
  )
}

const CONNECTIONS_SQL = `select count(*) as count from client_connection
  where status in ('Connected', 'Idle')`

function Where(): ReactNode {
  const universe = useUniverse()
  const { connection, storage, error, refresh } = useStatus()
  const counts = useCounts()
  const connections = useLiveSql<{ readonly count: number }>(CONNECTIONS_SQL)
  const [isRefused, setIsRefused] = useState(false)

  async function askToKeep(): Promise<void> {
    setIsRefused(!(await universe.requestPersistence()))
    refresh()
  }

  return (
    <section aria-label="Where it is">
      {error !== undefined && <ErrorNotice error={error} title="The storage gives no answer" />}
      <dl className={classes.facts}>
        <dt>Kept in</dt>
        <dd>
          {storage === undefined
            ? '…'
            : { opfs: 'A private file of this browser (OPFS)', file: 'A file', memory: 'Memory' }[
                storage.kind
              ]}
          {storage?.kind === 'memory' && (
            <Text size="sm" c="red">
              It is gone when the last tab closes: {storage.reason ?? 'no storage was found'}.
            </Text>
          )}
        </dd>
        <dt>Size</dt>
        <dd>
          <span className="count">
            {counts === undefined ? '…' : formatBytes(counts.databaseBytes)}
            {storage?.quotaBytes !== undefined && ` of ${formatBytes(storage.quotaBytes)} allowed`}
          </span>
          {counts !== undefined && storage?.quotaBytes !== undefined && (
            <Progress
              mt={6}
              size="sm"
              maw={260}
              aria-label="Storage used"
              value={(counts.databaseBytes / storage.quotaBytes) * 100}
            />
          )}
        </dd>
        <dt>Persistence</dt>
        <dd>
          {storage?.isPersistent ? (
            'The browser has promised to keep it'
          ) : (
            <Stack gap={6} align="flex-start">
              <span>The browser may evict it when the disk is full</span>
              <Button size="xs" variant="default" onClick={() => void askToKeep()}>
                Ask the browser to keep it
              </Button>
              {isRefused && (
                <Text size="sm" c="dimmed" role="status">
                  It did not promise. Browsers do so for sites that are used often or installed.
                </Text>
              )}
            </Stack>
          )}
        </dd>
        <dt>This tab</dt>
        <dd>
          {connection.kind === 'open'
            ? connection.role === 'leader'
              ? 'Leader: it runs the database'
              : 'Follower: it reaches the database through another tab'
            : connection.kind}
        </dd>
        <dt>Open connections</dt>
        <dd className="count">{connections.rows[0]?.count ?? '…'}</dd>
        <dt>Holds</dt>
        <dd className="count">
          {counts === undefined
            ? '…'
            : `${formatCount(counts.entityCount)} entities, ${formatCount(counts.relationCount)} relations`}
        </dd>
        <dt>You are</dt>
        <dd>
          <code className={classes.code}>{universe.identity}</code>
          <CopyButton value={universe.identity}>
            {({ copied, copy }) => (
              <Anchor component="button" type="button" size="sm" onClick={copy}>
                {copied ? 'Copied' : 'Copy'}
              </Anchor>
            )}
          </CopyButton>
        </dd>
      </dl>
    </section>
  )
}

type Verdict =
  | { readonly kind: 'unasked' | 'asking' }
  | { readonly kind: 'told'; readonly faults: readonly string[] }
  | { readonly kind: 'failed'; readonly error: unknown }

function Verify(): ReactNode {
  const universe = useUniverse()
  const [verdict, setVerdict] = useState<Verdict>({ kind: 'unasked' })

  function verify(): void {
    setVerdict({ kind: 'asking' })
    universe.verify().then(
      (faults) => setVerdict({ kind: 'told', faults }),
      (error: unknown) => setVerdict({ kind: 'failed', error }),
    )
  }

  return (
    <Stack gap="xs">
      <Group gap="sm">
        <Button variant="default" loading={verdict.kind === 'asking'} onClick={verify}>
          Check the database
        </Button>
        {verdict.kind === 'told' && verdict.faults.length === 0 && (
          <Text size="sm" role="status">
            It is sound.
          </Text>
        )}
      </Group>
      {verdict.kind === 'failed' && (
        <ErrorNotice error={verdict.error} title="It could not be checked" />
      )}
      {verdict.kind === 'told' && verdict.faults.length > 0 && (
        <ErrorNotice error={new Error(verdict.faults.join('; '))} title="It has faults" />
      )}
    </Stack>
  )
}
