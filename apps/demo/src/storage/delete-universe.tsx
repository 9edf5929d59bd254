import { deleteUniverse } from '@inner-universe/client'
import { Button, Group, Modal, Stack, Text, TextInput, Title } from '@mantine/core'
import { type FormEvent, type ReactNode, useState } from 'react'
import { ErrorNotice } from '../shell/error-notice.tsx'
import { UNIVERSE_NAME, useUniverse } from '../universe.ts'
import classes from './storage-page.module.css'

/** Deletes the universe and begins a new one, after its name was typed. */
export function DeleteUniverse(): ReactNode {
  const [isAsking, setIsAsking] = useState(false)
  return (
    <section aria-labelledby="delete">
      <Title order={2} id="delete" className={classes.sectionTitle}>
        Delete
      </Title>
      <Text c="dimmed" size="sm" mb="md">
        Takes the universe from this browser: every entity, relation, event and setting. Other
        devices keep theirs, and a relay fills it again.
      </Text>
      <Button color="red" variant="light" onClick={() => setIsAsking(true)}>
        Delete the universe
      </Button>
      <Modal
        opened={isAsking}
        onClose={() => setIsAsking(false)}
        title="Delete the universe?"
        closeButtonProps={{ 'aria-label': 'Close' }}
      >
        <Ask onClose={() => setIsAsking(false)} />
      </Modal>
    </section>
  )
}

function Ask({ onClose }: { readonly onClose: () => void }): ReactNode {
  const universe = useUniverse()
  const [typed, setTyped] = useState('')
  const [isPending, setIsPending] = useState(false)
  const [error, setError] = useState<unknown>()

  async function remove(event: FormEvent): Promise<void> {
    event.preventDefault()
    setIsPending(true)
    try {
      await universe.close()
      await deleteUniverse(UNIVERSE_NAME)
      // A new page opens a new universe; what is in memory here is of the old one.
      window.location.assign('/')
    } catch (failure) {
      setError(failure)
      setIsPending(false)
    }
  }

  return (
    <form onSubmit={(event) => void remove(event)}>
      <Stack>
        <Text size="sm">There is no way back. Close the other tabs of this app first.</Text>
        <TextInput
          label={`Type “${UNIVERSE_NAME}” to confirm`}
          data-autofocus
          autoComplete="off"
          value={typed}
          onChange={(event) => setTyped(event.currentTarget.value)}
        />
        {error !== undefined && (
          <ErrorNotice
            error={error}
            title="It was not deleted"
            onRetry={() => window.location.reload()}
          />
        )}
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Button
            type="submit"
            color="red"
            loading={isPending}
            disabled={typed.trim() !== UNIVERSE_NAME}
          >
            Delete
          </Button>
        </Group>
      </Stack>
    </form>
  )
}
