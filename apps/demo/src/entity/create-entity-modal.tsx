import {
  Autocomplete,
  Button,
  Group,
  Modal,
  Stack,
  TagsInput,
  Textarea,
  TextInput,
} from '@mantine/core'
import { type FormEvent, type ReactNode, useState } from 'react'
import { useLocation } from 'wouter'
import { entityHref } from '../data/entity.ts'
import { ErrorNotice } from '../shell/error-notice.tsx'
import { useUnsynced } from '../sync/unsynced-context.tsx'
import { useEdit } from '../undo/use-edit.ts'
import { PARTS_OF_SPEECH } from '../wordnet/part-of-speech.ts'

/** A form for a new entity; goes to its page when it is made. */
export function CreateEntityModal({
  isOpen,
  onClose,
}: {
  readonly isOpen: boolean
  readonly onClose: () => void
}): ReactNode {
  return (
    <Modal
      opened={isOpen}
      onClose={onClose}
      title="New entity"
      closeButtonProps={{ 'aria-label': 'Close' }}
    >
      <CreateEntityForm onClose={onClose} />
    </Modal>
  )
}

function CreateEntityForm({ onClose }: { readonly onClose: () => void }): ReactNode {
  const [, navigate] = useLocation()
  const { call, isPending, error, reset } = useEdit('createEntity')
  const { note } = useUnsynced()
  const [type, setType] = useState('noun')
  const [name, setName] = useState('')
  const [description, setDescription] = useState('')
  const [tags, setTags] = useState<string[]>([])

  function submit(event: FormEvent): void {
    event.preventDefault()
    const metadata = { name: name.trim(), description: description.trim(), tags }
    const created = call({ type: type.trim(), metadata }, `Created ${metadata.name}`)
    note(created, (id) => ({ verb: 'Created', name: metadata.name, ids: [id] }))
    created.then(
      (id) => {
        onClose()
        navigate(entityHref(id))
      },
      () => undefined, // Shown below.
    )
  }

  return (
    <form onSubmit={submit}>
      <Stack>
        <TextInput
          label="Name"
          required
          data-autofocus
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
        />
        <Autocomplete
          label="Type"
          required
          description="A part of speech, or any other word"
          data={PARTS_OF_SPEECH}
          value={type}
          onChange={setType}
        />
        <Textarea
          label="Description"
          autosize
          minRows={2}
          maxRows={8}
          value={description}
          onChange={(event) => setDescription(event.currentTarget.value)}
        />
        <TagsInput label="Tags" placeholder="Enter adds one" value={tags} onChange={setTags} />
        {error !== undefined && (
          <ErrorNotice error={error} title="The entity was not created" onClose={reset} />
        )}
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Button type="submit" loading={isPending}>
            Create
          </Button>
        </Group>
      </Stack>
    </form>
  )
}
