import { Button, Group, SegmentedControl, Skeleton, Text, Title } from '@mantine/core'
import { IconPlus } from '@tabler/icons-react'
import { type ReactNode, useState } from 'react'
import { formatCount } from '../data/format.ts'
import { ErrorNotice } from '../shell/error-notice.tsx'
import { useLiveSql } from '../universe.ts'
import { CreateRelationModal } from './create-relation-modal.tsx'
import { RelationGroup } from './relation-group.tsx'
import classes from './relation-panel.module.css'
import { type Direction, GROUPS_SQL, type GroupRow } from './relation-queries.ts'

/** The relations of an entity, both ways, by type. */
export function RelationPanel({
  id,
  name,
}: {
  readonly id: string
  readonly name: string
}): ReactNode {
  const outgoing = useLiveSql<GroupRow>(GROUPS_SQL.outgoing, [id])
  const incoming = useLiveSql<GroupRow>(GROUPS_SQL.incoming, [id])
  const [direction, setDirection] = useState<Direction>('outgoing')
  const [isCreating, setIsCreating] = useState(false)
  const groups = direction === 'outgoing' ? outgoing : incoming
  return (
    <section className={classes.panel} aria-labelledby="relations">
      <Group justify="space-between" mb="md" gap="sm">
        <Title order={2} id="relations" className={classes.title}>
          Relations
        </Title>
        <Group gap="xs">
          <SegmentedControl
            size="xs"
            aria-label="Direction"
            value={direction}
            onChange={(value) => setDirection(value as Direction)}
            data={[
              { value: 'outgoing', label: `From it ${countOf(outgoing.rows)}` },
              { value: 'incoming', label: `To it ${countOf(incoming.rows)}` },
            ]}
          />
          <Button
            size="xs"
            variant="default"
            leftSection={<IconPlus size={14} aria-hidden />}
            onClick={() => setIsCreating(true)}
          >
            Relation
          </Button>
        </Group>
      </Group>
      {groups.error !== undefined && (
        <ErrorNotice error={groups.error} title="The relations cannot be read" />
      )}
      {!groups.isReady && <Skeleton height={180} aria-label="Loading relations" />}
      {groups.isReady && groups.rows.length === 0 && (
        <Text c="dimmed" py="md">
          {direction === 'outgoing'
            ? 'No relation begins here. Add one to connect it.'
            : 'No other entity points here.'}
        </Text>
      )}
      {groups.rows.map(({ type, count }) => (
        <RelationGroup
          key={`${direction} ${type}`}
          id={id}
          direction={direction}
          type={type}
          count={count}
        />
      ))}
      <CreateRelationModal
        id={id}
        name={name}
        isOpen={isCreating}
        onClose={() => setIsCreating(false)}
      />
    </section>
  )
}

function countOf(groups: readonly GroupRow[]): string {
  return formatCount(groups.reduce((sum, { count }) => sum + count, 0))
}
