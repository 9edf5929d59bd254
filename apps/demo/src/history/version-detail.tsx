import type { Version, VersionRef } from '@inner-universe/client'
import { Anchor, Button, Group, Text, Title } from '@mantine/core'
import { IconEye, IconGitBranch, IconGitMerge, IconRestore } from '@tabler/icons-react'
import { type ReactNode, useState } from 'react'
import { Link } from 'wouter'
import { formatDateTime, formatPlural } from '../data/format.ts'
import { usePeople } from '../presence/presence-context.tsx'
import { ErrorNotice } from '../shell/error-notice.tsx'
import { useUniverse } from '../universe.ts'
import { BranchModal } from './branch-modal.tsx'
import { DifferencePanel } from './difference-panel.tsx'
import { MergeModal } from './merge-modal.tsx'
import type { Outcome } from './outcome-notice.tsx'
import { draftHref, pastHref } from './past-href.ts'
import { RestoreModal } from './restore-modal.tsx'
import { TagModal } from './tag-modal.tsx'
import { useAction } from './use-action.ts'
import classes from './version-detail.module.css'
import {
  ancestryOf,
  authorOf,
  bodyOf,
  isReadable,
  namesOf,
  PRESENT,
  titleOf,
} from './version-line.ts'
import { VersionMenu } from './version-menu.tsx'
import { VersionState } from './version-state.tsx'

/** One version: what is known of it, what can be done with it, and what differs. */
export function VersionDetail({
  version,
  versions,
  refs,
  heads,
  other,
  onSelect,
  onCompare,
  onOutcome,
}: {
  readonly version: Version
  readonly versions: readonly Version[]
  readonly refs: readonly VersionRef[]
  readonly heads: readonly Version[]
  /** What it is compared with. */
  readonly other: string | undefined
  readonly onSelect: (id: string) => void
  readonly onCompare: (id: string | undefined) => void
  readonly onOutcome: (outcome: Outcome) => void
}): ReactNode {
  const [dialog, setDialog] = useState<'restore' | 'branch' | 'merge' | 'tag'>()
  const { run, error, reset } = useAction()
  const close = (): void => setDialog(undefined)
  const isMerged = heads.some((head) => ancestryOf(versions, head.id).has(version.id))
  const branches = namesOf(refs, 'branch', version.id)
  const body = bodyOf(version)
  const title = titleOf(version)
  return (
    <section aria-labelledby="version">
      <Group justify="space-between" wrap="nowrap" align="flex-start" gap="xs">
        <Title order={2} id="version" className={classes.title}>
          {title}
        </Title>
        <VersionMenu
          version={version}
          refs={refs}
          run={run}
          onTag={() => setDialog('tag')}
          onDropped={() => {
            onSelect(PRESENT)
            onOutcome({ kind: 'told', text: `“${title}” was dropped.` })
          }}
        />
      </Group>
      {error !== undefined && (
        <ErrorNotice error={error} title="That was not done" onClose={reset} />
      )}
      {body !== '' && <p className={classes.body}>{body}</p>}
      <Facts version={version} versions={versions} onSelect={onSelect} />
      <VersionState version={version} />
      {isReadable(version) && (
        <>
          <Group gap="xs" mt="md">
            <Button
              component={Link}
              href={pastHref(version.id)}
              variant="default"
              size="sm"
              leftSection={<IconEye size={16} stroke={1.6} aria-hidden />}
            >
              Look into it
            </Button>
            <Button
              variant="default"
              size="sm"
              leftSection={<IconRestore size={16} stroke={1.6} aria-hidden />}
              onClick={() => setDialog('restore')}
            >
              Restore
            </Button>
            {!isMerged && (
              <Button
                size="sm"
                leftSection={<IconGitMerge size={16} stroke={1.6} aria-hidden />}
                onClick={() => setDialog('merge')}
              >
                Merge
              </Button>
            )}
            {branches.map((branch) => (
              <Button
                key={branch}
                component={Link}
                href={draftHref(branch)}
                variant="default"
                size="sm"
                leftSection={<IconGitBranch size={16} stroke={1.6} aria-hidden />}
              >
                Go on with {branch}
              </Button>
            ))}
            <Button
              variant="default"
              size="sm"
              leftSection={<IconGitBranch size={16} stroke={1.6} aria-hidden />}
              onClick={() => setDialog('branch')}
            >
              Branch
            </Button>
          </Group>
          <DifferencePanel
            selected={version.id}
            versions={versions}
            other={other === version.id ? PRESENT : (other ?? PRESENT)}
            onCompare={onCompare}
          />
        </>
      )}
      {dialog === 'restore' && (
        <RestoreModal version={version} onClose={close} onOutcome={onOutcome} />
      )}
      {dialog === 'branch' && <BranchModal version={version} refs={refs} onClose={close} />}
      {dialog === 'merge' && (
        <MergeModal
          version={version}
          branch={branches[0] ?? version.branch ?? undefined}
          onClose={close}
          onOutcome={(outcome, id) => {
            onOutcome(outcome)
            onSelect(id)
          }}
        />
      )}
      {dialog === 'tag' && <TagModal version={version} onClose={close} />}
    </section>
  )
}

function Facts({
  version,
  versions,
  onSelect,
}: {
  readonly version: Version
  readonly versions: readonly Version[]
  readonly onSelect: (id: string) => void
}): ReactNode {
  const { identity } = useUniverse()
  const { people } = usePeople()
  const parents = version.parents.map((id) => versions.find((one) => one.id === id) ?? id)
  return (
    <>
      <Text c="dimmed" size="sm" className="count">
        {formatDateTime(version.createdMs)}, by {authorOf(version.author, identity, people)}
        {version.branch !== null && `, on branch ${version.branch}`}
        {version.rowCount !== null && `; ${formatPlural(version.rowCount, 'row')} written for it`}
      </Text>
      {parents.length > 0 && (
        <Text c="dimmed" size="sm">
          Made of{' '}
          {parents.map((parent, index) => (
            <span key={typeof parent === 'string' ? parent : parent.id}>
              {index > 0 && ' and '}
              {typeof parent === 'string' ? (
                'one that is not here'
              ) : (
                <Anchor
                  component="button"
                  type="button"
                  size="sm"
                  onClick={() => onSelect(parent.id)}
                >
                  {titleOf(parent)}
                </Anchor>
              )}
            </span>
          ))}
        </Text>
      )}
      {version.digest !== null && (
        <Text c="dimmed" size="xs" className={classes.code} title="Fingerprint of the state">
          {version.digest}
        </Text>
      )}
    </>
  )
}
