import {
  Autocomplete,
  Button,
  Group,
  Input,
  Modal,
  SegmentedControl,
  Stack,
  Text,
} from '@mantine/core'
import { IconX } from '@tabler/icons-react'
import { type FormEvent, type ReactNode, useState } from 'react'
import type { EntityLine } from '../data/entity.ts'
import { clocked } from '../live/edit-clock.ts'
import { EntitySearch } from '../search/entity-search.tsx'
import { ErrorNotice } from '../shell/error-notice.tsx'
import { TypeBadge } from '../shell/type-badge.tsx'
import { useUnsynced } from '../sync/unsynced-context.tsx'
import { useEdit } from '../undo/use-edit.ts'
import { POINTER_TYPES } from '../wordnet/pointer-type.ts'
import type { Direction } from './relation-queries.ts'

/** A form for a new relation from or to an entity. */
export function CreateRelationModal({
  id,
  name,
  isOpen,
  onClose,
}: {
  readonly id: string
  readonly name: string
  readonly isOpen: boolean
  readonly onClose: () => void
}): ReactNode {
  return (
    <Modal
      opened={isOpen}
      onClose={onClose}
      title="New relation"
      closeButtonProps={{ 'aria-label': 'Close' }}
    >
      <CreateRelationForm id={id} name={name} onClose={onClose} />
    </Modal>
  )
}

function CreateRelationForm({
  id,
  name,
  onClose,
}: {
  readonly id: string
  readonly name: string
  readonly onClose: () => void
}): ReactNode {
  const { call, isPending, error, reset } = useEdit('createRelation')
  const { note } = useUnsynced()
  const [direction, setDirection] = useState<Direction>('outgoing')
  const [type, setType] = useState('')
  const [other, setOther] = useState<EntityLine>()

  function submit(event: FormEvent): void {
    event.preventDefault()
    if (other === undefined) return
    const ends = direction === 'outgoing' ? { from: id, to: other.id } : { from: other.id, to: id }
    const both = `${name} and ${other.name}`
    const created = clocked(call({ ...ends, type: type.trim() }, `Related ${both}`))
    note(created, (relation) => ({
      verb: `Related by ${type.trim()}`,
      name: both,
      ids: [id, relation],
    }))
    created.then(onClose, () => undefined) // A refusal is shown below.
  }

  return (
    <form onSubmit={submit}>
      <Stack>
        <SegmentedControl
          aria-label="Direction"
          fullWidth
          value={direction}
          onChange={(value) => setDirection(value as Direction)}
          data={[
            { value: 'outgoing', label: `From “${name}”` },
            { value: 'incoming', label: `To “${name}”` },
          ]}
        />
        <Autocomplete
          label="Type"
          required
          description="One of WordNet’s, or any other word"
          data={[...POINTER_TYPES].sort()}
          limit={8}
          value={type}
          onChange={setType}
        />
        <Input.Wrapper
          labelElement="div"
          label={direction === 'outgoing' ? 'Points to' : 'Comes from'}
        >
          {other === undefined ? (
            <EntitySearch
              label="Find the other entity"
              placeholder="Search words"
              onPick={setOther}
            />
          ) : (
            <Group gap="xs" wrap="nowrap" mt={4}>
              <Text fw={600}>{other.name}</Text>
              <TypeBadge type={other.type} />
              <Text size="sm" c="dimmed" truncate flex={1}>
                {other.description}
              </Text>
              <Button
                variant="subtle"
                color="gray"
                size="compact-sm"
                aria-label="Choose another entity"
                onClick={() => setOther(undefined)}
              >
                <IconX size={16} aria-hidden />
              </Button>
            </Group>
          )}
        </Input.Wrapper>
        {error !== undefined && (
          <ErrorNotice error={error} title="The relation was not created" onClose={reset} />
        )}
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Button type="submit" loading={isPending} disabled={other === undefined}>
            Create
          </Button>
        </Group>
      </Stack>
    </form>
  )
}
