import { Button, Group, Progress, Stack, Switch, Text, TextInput, Title } from '@mantine/core'
import { type FormEvent, type ReactNode, useState } from 'react'
import { Link } from 'wouter'
import { useClashes } from '../conflicts/conflicts-context.tsx'
import { entityHref } from '../data/entity.ts'
import { formatMoment, formatPlural } from '../data/format.ts'
import { Face } from '../presence/people.tsx'
import { usePeople } from '../presence/presence-context.tsx'
import { ErrorNotice } from '../shell/error-notice.tsx'
import { Page, PageTitle } from '../shell/page.tsx'
import { useLiveQuery, useSyncStatus, useUniverse } from '../universe.ts'
import { DEVICE_NAME_LENGTH_MAX } from './device.ts'
import { setOfflineWanted } from './offline-switch.ts'
import { defaultRelayUrl, faultOfRelayUrl, relayUrl, saveRelayUrl } from './relay-address.ts'
import { syncLineOf } from './sync-line.ts'
import classes from './sync-page.module.css'
import { useUnsynced } from './unsynced-context.tsx'

/** How this device keeps in step with others, and with whom. */
export function SyncPage(): ReactNode {
  return (
    <Page title="Sync" size="sm">
      <Stack gap={36}>
        <header>
          <PageTitle>Sync</PageTitle>
          <Text c="dimmed">
            Changes are made here first and sent to a relay, which passes them on to your other
            devices. Without it everything works as well.
          </Text>
        </header>
        <Standing />
        <Unsynced />
        <Devices />
        <Relay />
        <Fingerprint />
      </Stack>
    </Page>
  )
}

function Standing(): ReactNode {
  const { sync } = useUniverse()
  const status = useSyncStatus()
  const { clashes } = useClashes()
  const { label, text, progress } = syncLineOf(status)
  const { kind, lastContactMs } = status
  return (
    <section aria-label="How it stands" className={classes.standing}>
      <Group justify="space-between" align="flex-start" wrap="nowrap">
        <div>
          <p className={classes.label}>{label}</p>
          <Text c="dimmed" size="sm">
            {text}
          </Text>
        </div>
        {kind !== 'off' && (
          <Switch
            label="Work offline"
            className={classes.switch}
            checked={kind === 'paused'}
            onChange={(event) => setOfflineWanted(sync, event.currentTarget.checked)}
          />
        )}
      </Group>
      {progress !== undefined && (
        <Progress mt="sm" value={progress * 100} aria-label="Catching up" />
      )}
      <Group gap="lg" mt="sm">
        {kind !== 'off' && kind !== 'live' && (
          <Text size="sm" c="dimmed" className="count">
            Last contact:{' '}
            {lastContactMs === undefined ? 'none yet' : formatMoment(lastContactMs, Date.now())}
          </Text>
        )}
        <Link href="/conflicts" className={classes.more}>
          {clashes.length === 0 ? 'No conflicts' : formatPlural(clashes.length, 'conflict')}
        </Link>
      </Group>
    </section>
  )
}

function Unsynced(): ReactNode {
  const { unsyncedCount, kind } = useSyncStatus()
  const { changes } = useUnsynced()
  const others = unsyncedCount - changes.length
  if (kind === 'off') return null
  return (
    <section aria-labelledby="unsynced">
      <Title order={2} id="unsynced" className={classes.sectionTitle}>
        Not synced yet
      </Title>
      {unsyncedCount === 0 && changes.length === 0 ? (
        <Text c="dimmed" size="sm">
          The relay has everything that was changed here.
        </Text>
      ) : (
        <Text c="dimmed" size="sm" mb="xs" className="count">
          {formatPlural(unsyncedCount, 'change')}, safe on this device.
        </Text>
      )}
      <ul className={classes.changes} aria-label="Changes not synced">
        {changes.map(({ callId, verb, name, ids, atMs }) => (
          <li key={callId}>
            <span>
              {verb}{' '}
              {ids[0] === undefined || verb === 'Deleted' ? (
                <strong>{name}</strong>
              ) : (
                <Link href={entityHref(ids[0])} className={classes.name}>
                  {name}
                </Link>
              )}
            </span>
            <time className="count" dateTime={new Date(atMs).toISOString()}>
              {formatMoment(atMs, Date.now())}
            </time>
          </li>
        ))}
      </ul>
      {others > 0 && (
        <Text c="dimmed" size="sm" mt="xs" className="count">
          {formatPlural(others, 'change')} {changes.length > 0 && 'more '}by imports, by other tabs,
          by the app itself, or from before this page was loaded.
        </Text>
      )}
    </section>
  )
}

function Devices(): ReactNode {
  const { device, rename, people } = usePeople()
  const { kind } = useSyncStatus()
  const [name, setName] = useState(device.name)
  function submit(event: FormEvent): void {
    event.preventDefault()
    rename(name)
  }
  return (
    <section aria-labelledby="devices">
      <Title order={2} id="devices" className={classes.sectionTitle}>
        Devices
      </Title>
      <form onSubmit={submit}>
        <Group align="flex-end" gap="xs">
          <Face person={device} size={36} />
          <TextInput
            label="Name of this device"
            description="Shown to the others while you are here"
            className={classes.field}
            maxLength={DEVICE_NAME_LENGTH_MAX}
            value={name}
            onChange={(event) => setName(event.currentTarget.value)}
          />
          <Button type="submit" variant="default" disabled={name.trim() === device.name}>
            Rename
          </Button>
        </Group>
      </form>
      {people.length === 0 ? (
        <Text c="dimmed" size="sm" mt="md">
          {kind === 'live'
            ? 'No other device is here. Open this page in a private window to see one.'
            : 'Others are seen while sync is live.'}
        </Text>
      ) : (
        <ul className={classes.people} aria-label="Also here">
          {people.map((person) => (
            <li key={person.id}>
              <Face person={person} size={28} />
              <span>{person.name}</span>
              <Viewing ids={person.entityIds} />
            </li>
          ))}
        </ul>
      )}
    </section>
  )
}

function Viewing({ ids }: { readonly ids: readonly string[] }): ReactNode {
  const found = useLiveQuery(
    (q) => q.entity.where({ id: { in: ids as never } }).limit(ids.length),
    [ids.join()],
  )
  if (found.rows.length === 0) return null
  return (
    <span className={classes.viewing}>
      looks at{' '}
      {found.rows.map(({ id, metadata }, index) => (
        <span key={id}>
          {index > 0 && ', '}
          <Link href={entityHref(id)}>{metadata.name}</Link>
        </span>
      ))}
    </span>
  )
}

function Relay(): ReactNode {
  const [text, setText] = useState(relayUrl() ?? '')
  const trimmed = text.trim()
  const fault = trimmed === '' ? undefined : faultOfRelayUrl(trimmed)
  function use(url: string | undefined): void {
    saveRelayUrl(url)
    window.location.reload()
  }
  function submit(event: FormEvent): void {
    event.preventDefault()
    if (fault === undefined && trimmed !== '') use(trimmed)
  }
  return (
    <section aria-labelledby="relay">
      <Title order={2} id="relay" className={classes.sectionTitle}>
        Relay
      </Title>
      <form onSubmit={submit}>
        <Stack gap="sm" align="flex-start">
          <TextInput
            label="Address"
            description={`Kept in this browser. That of npm start is ${defaultRelayUrl()}.`}
            placeholder={defaultRelayUrl()}
            w="100%"
            maw={420}
            error={fault}
            value={text}
            onChange={(event) => setText(event.currentTarget.value)}
          />
          <Group gap="xs">
            <Button
              type="submit"
              variant="default"
              disabled={trimmed === '' || fault !== undefined || trimmed === relayUrl()}
            >
              Use this relay
            </Button>
            {relayUrl() !== undefined && (
              <Button variant="default" onClick={() => use(undefined)}>
                Use no relay
              </Button>
            )}
            {relayUrl() !== defaultRelayUrl() && (
              <Button variant="default" onClick={() => use(defaultRelayUrl())}>
                Use the one of npm start
              </Button>
            )}
          </Group>
        </Stack>
      </form>
    </section>
  )
}

type Taken =
  | { readonly kind: 'unasked' | 'asking' }
  | { readonly kind: 'told'; readonly digest: string }
  | { readonly kind: 'failed'; readonly error: unknown }

function Fingerprint(): ReactNode {
  const universe = useUniverse()
  const [taken, setTaken] = useState<Taken>({ kind: 'unasked' })
  function take(): void {
    setTaken({ kind: 'asking' })
    universe.digest().then(
      (digest) => setTaken({ kind: 'told', digest }),
      (error: unknown) => setTaken({ kind: 'failed', error }),
    )
  }
  return (
    <section aria-labelledby="fingerprint">
      <Title order={2} id="fingerprint" className={classes.sectionTitle}>
        Fingerprint
      </Title>
      <Text c="dimmed" size="sm" mb="md">
        Taken of every row that is synced. Two devices that show the same have the same.
      </Text>
      <Group gap="sm">
        <Button variant="default" loading={taken.kind === 'asking'} onClick={take}>
          Take it
        </Button>
        {taken.kind === 'told' && (
          <output aria-label="Fingerprint" className={classes.code}>
            {taken.digest}
          </output>
        )}
      </Group>
      {taken.kind === 'failed' && <ErrorNotice error={taken.error} title="It could not be taken" />}
    </section>
  )
}
