import {
  Anchor,
  Group,
  Popover,
  Progress,
  Stack,
  Switch,
  Text,
  UnstyledButton,
} from '@mantine/core'
import {
  IconAlertTriangle,
  IconCloud,
  IconCloudCheck,
  IconCloudOff,
  IconRefresh,
  type TablerIcon,
} from '@tabler/icons-react'
import { type ReactNode, useState } from 'react'
import { Link } from 'wouter'
import { useClashes } from '../conflicts/conflicts-context.tsx'
import { formatCount, formatMoment, formatPlural } from '../data/format.ts'
import { Face } from '../presence/people.tsx'
import { usePeople } from '../presence/presence-context.tsx'
import { useSyncStatus, useUniverse } from '../universe.ts'
import { setOfflineWanted } from './offline-switch.ts'
import { relayUrl } from './relay-address.ts'
import classes from './sync-badge.module.css'
import { type SyncTone, syncLineOf } from './sync-line.ts'

const ICONS: Readonly<Record<SyncTone, TablerIcon>> = {
  good: IconCloudCheck,
  busy: IconRefresh,
  quiet: IconCloudOff,
  bad: IconAlertTriangle,
}

/** How sync stands, on every page; opens what more there is to say of it. */
export function SyncBadge(): ReactNode {
  const status = useSyncStatus()
  const { clashes } = useClashes()
  const [isOpen, setIsOpen] = useState(false)
  const { tone, label } = syncLineOf(status)
  const { unsyncedCount } = status
  const Icon = status.kind === 'off' ? IconCloud : ICONS[tone]
  const said = [
    `Sync: ${label}`,
    ...(unsyncedCount > 0 ? [`${formatPlural(unsyncedCount, 'change')} not synced`] : []),
    ...(clashes.length > 0 ? [formatPlural(clashes.length, 'conflict')] : []),
  ].join(', ')
  return (
    <Popover
      opened={isOpen}
      onChange={setIsOpen}
      width={320}
      position="bottom-end"
      shadow="lg"
      radius="lg"
      trapFocus
      returnFocus
    >
      <Popover.Target>
        <UnstyledButton
          className={classes.badge}
          data-tone={tone}
          data-kind={status.kind}
          aria-label={said}
          onClick={() => setIsOpen(!isOpen)}
        >
          <Icon size={18} stroke={1.7} className={classes.icon} aria-hidden />
          <span className={classes.label}>{label}</span>
          {unsyncedCount > 0 && (
            <span className={`${classes.count} count`}>{formatCount(unsyncedCount)}</span>
          )}
          {clashes.length > 0 && <span className={classes.clash} aria-hidden />}
        </UnstyledButton>
      </Popover.Target>
      <Popover.Dropdown aria-label="Sync">
        <Details onLeave={() => setIsOpen(false)} />
      </Popover.Dropdown>
    </Popover>
  )
}

function Details({ onLeave }: { readonly onLeave: () => void }): ReactNode {
  const { sync } = useUniverse()
  const status = useSyncStatus()
  const { clashes } = useClashes()
  const { label, text, progress } = syncLineOf(status)
  const { kind, unsyncedCount, lastContactMs } = status
  const url = relayUrl()
  return (
    <Stack gap="sm">
      <div>
        <Text fw={600}>{label}</Text>
        <Text size="sm" c="dimmed">
          {text}
        </Text>
      </div>
      {progress !== undefined && <Progress value={progress * 100} aria-label="Catching up" />}
      {kind !== 'off' && (
        <>
          <Switch
            label="Work offline"
            checked={kind === 'paused'}
            onChange={(event) => setOfflineWanted(sync, event.currentTarget.checked)}
          />
          <dl className={classes.facts}>
            <dt>Not synced</dt>
            <dd className="count">{formatPlural(unsyncedCount, 'change')}</dd>
            <dt>Last contact</dt>
            <dd className="count">
              {kind === 'live'
                ? 'now'
                : lastContactMs === undefined
                  ? 'none yet'
                  : formatMoment(lastContactMs, Date.now())}
            </dd>
            <dt>Relay</dt>
            <dd>{url}</dd>
          </dl>
        </>
      )}
      <Here />
      <Group gap="md">
        <Anchor component={Link} href="/sync" size="sm" onClick={onLeave}>
          More about sync
        </Anchor>
        {clashes.length > 0 && (
          <Anchor component={Link} href="/conflicts" size="sm" onClick={onLeave}>
            {formatPlural(clashes.length, 'conflict')}
          </Anchor>
        )}
      </Group>
    </Stack>
  )
}

function Here(): ReactNode {
  const { people } = usePeople()
  if (people.length === 0) return null
  return (
    <ul className={classes.people} aria-label="Also here">
      {people.map((person) => (
        <li key={person.id}>
          <Face person={person} size={24} />
          {person.name}
        </li>
      ))}
    </ul>
  )
}
