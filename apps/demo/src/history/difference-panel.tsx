import type { Version } from '@inner-universe/client'
import { Group, Select, Skeleton, Switch, Text } from '@mantine/core'
import { type ReactNode, useState } from 'react'
import { formatDateTime, formatPlural } from '../data/format.ts'
import { ErrorNotice } from '../shell/error-notice.tsx'
import { DifferenceList } from './difference-list.tsx'
import { useDifferences } from './use-differences.ts'
import classes from './version-detail.module.css'
import { inTime, isReadable, PRESENT, titleOf } from './version-line.ts'

/** What differs between the chosen state and another one, which can be chosen here. */
export function DifferencePanel({
  selected,
  versions,
  other,
  onCompare,
}: {
  /** A version's id, or {@link PRESENT}. */
  readonly selected: string
  readonly versions: readonly Version[]
  /** Undefined: none was chosen. */
  readonly other: string | undefined
  readonly onCompare: (id: string | undefined) => void
}): ReactNode {
  const [isWhole, setIsWhole] = useState(false)
  const chosen = versions.find(({ id }) => id === selected)
  const choices = versions
    .filter((version) => version.id !== selected && isReadable(version))
    .map((version) => ({
      value: version.id,
      label: `${titleOf(version)}${chosen?.parents.includes(version.id) === true ? ' (made of it)' : ''}, ${formatDateTime(version.createdMs)}`,
    }))
    .reverse()
  return (
    <div className={classes.differences}>
      <Group justify="space-between" align="flex-end" gap="sm" mb="sm">
        <Select
          label="Compared with"
          className={classes.compare}
          data={[
            ...(selected === PRESENT ? [] : [{ value: PRESENT, label: 'The present' }]),
            ...choices,
          ]}
          value={other ?? null}
          allowDeselect={false}
          searchable
          nothingFoundMessage="No such version"
          onChange={(id) => onCompare(id ?? undefined)}
        />
        <Switch
          label="Also events and settings"
          checked={isWhole}
          onChange={(event) => setIsWhole(event.currentTarget.checked)}
        />
      </Group>
      {other !== undefined && (
        <Between versions={versions} pair={inTime(versions, selected, other)} isWhole={isWhole} />
      )}
    </div>
  )
}

function Between({
  versions,
  pair: [from, to],
  isWhole,
}: {
  readonly versions: readonly Version[]
  readonly pair: readonly [from: string, to: string]
  readonly isWhole: boolean
}): ReactNode {
  const { rows, hasMore, isLoading, error, more } = useDifferences({ from, to, isWhole })
  const nameOf = (id: string): string => {
    const version = versions.find((one) => one.id === id)
    return version === undefined ? 'the present' : `“${titleOf(version)}”`
  }
  if (error !== undefined) return <ErrorNotice error={error} title="They cannot be compared" />
  if (rows === undefined) return <Skeleton height={120} radius={10} aria-label="Comparing" />
  return (
    <section aria-label="Differences">
      <Text size="sm" c="dimmed" mb="xs" className="count" role="status">
        {rows.length === 0
          ? `Nothing differs between ${nameOf(from)} and ${nameOf(to)}.`
          : `${hasMore ? 'More than ' : ''}${formatPlural(rows.length, 'difference')} from ${nameOf(from)} to ${nameOf(to)}.`}
      </Text>
      <DifferenceList
        rows={rows}
        version={from}
        hasMore={hasMore}
        isLoading={isLoading}
        onMore={more}
      />
    </section>
  )
}
