import { isUniverseError } from '@inner-universe/client'
import type { EntityRow } from '@inner-universe/universe'
import { Button, Group, Modal, Stack, Text } from '@mantine/core'
import type { ReactNode } from 'react'
import { useLocation } from 'wouter'
import { nameOf } from '../data/entity.ts'
import { formatPlural } from '../data/format.ts'
import { ErrorNotice } from '../shell/error-notice.tsx'
import { useUnsynced } from '../sync/unsynced-context.tsx'
import { useEdit } from '../undo/use-edit.ts'

/**
 * Asks before an entity is deleted. When it has relations the store refuses; that is explained, and
 * offered is to delete it together with them.
 */
export function DeleteEntityModal({
  row,
  isOpen,
  onClose,
}: {
  readonly row: EntityRow
  readonly isOpen: boolean
  readonly onClose: () => void
}): ReactNode {
  const [, navigate] = useLocation()
  const { call, isPending, error, reset } = useEdit('deleteEntity')
  const { note } = useUnsynced()
  const isReferenced = isUniverseError(error, 'universe/entity-referenced')
  const relationCount = isReferenced ? Number(error.details.relationCount) : 0

  function remove(cascade: boolean): void {
    const deleted = call({ id: row.id, cascade }, `Deleted ${nameOf(row)}`)
    note(deleted, () => ({ verb: 'Deleted', name: nameOf(row), ids: [row.id] }))
    deleted.then(
      () => navigate('/', { replace: true }),
      () => undefined, // Shown below.
    )
  }

  function close(): void {
    reset()
    onClose()
  }

  return (
    <Modal
      opened={isOpen}
      onClose={close}
      title={`Delete “${nameOf(row)}”?`}
      closeButtonProps={{ 'aria-label': 'Close' }}
    >
      <Stack>
        {error === undefined ? (
          <Text size="sm">
            It is taken from this universe and from every device that syncs with it.
          </Text>
        ) : isReferenced ? (
          <ErrorNotice error={error} title="It is still related to other entities">
            <Button size="xs" color="red" loading={isPending} onClick={() => remove(true)}>
              Delete it and its {formatPlural(relationCount, 'relation')}
            </Button>
          </ErrorNotice>
        ) : (
          <ErrorNotice error={error} title="It was not deleted" />
        )}
        <Group justify="flex-end">
          <Button variant="default" onClick={close}>
            Cancel
          </Button>
          {!isReferenced && (
            <Button color="red" loading={isPending} onClick={() => remove(false)}>
              Delete
            </Button>
          )}
        </Group>
      </Stack>
    </Modal>
  )
}
