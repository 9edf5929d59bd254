import { ActionIcon, Button, Group, Input, Stack, TextInput } from '@mantine/core'
import { IconPlus, IconX } from '@tabler/icons-react'
import type { ReactNode } from 'react'
import type { PropertyDraft } from './property-draft.ts'

/** Edits free properties, one line each. */
export function PropertyEditor({
  drafts,
  onChange,
}: {
  readonly drafts: readonly PropertyDraft[]
  readonly onChange: (drafts: readonly PropertyDraft[]) => void
}): ReactNode {
  function change(key: string, part: Partial<PropertyDraft>): void {
    onChange(drafts.map((draft) => (draft.key === key ? { ...draft, ...part } : draft)))
  }

  return (
    <Input.Wrapper
      labelElement="div"
      label="Properties"
      description="A value is read as JSON where it is JSON, as text otherwise"
    >
      <Stack gap={6} mt={6}>
        {drafts.map(({ key, name, text }) => (
          <Group key={key} gap={6} wrap="nowrap" align="flex-start">
            <TextInput
              aria-label="Property name"
              placeholder="Name"
              w="38%"
              value={name}
              onChange={(event) => change(key, { name: event.currentTarget.value })}
            />
            <TextInput
              aria-label={`Value of ${name || 'the new property'}`}
              placeholder="Value"
              flex={1}
              value={text}
              onChange={(event) => change(key, { text: event.currentTarget.value })}
            />
            <ActionIcon
              variant="subtle"
              color="gray"
              size="lg"
              aria-label={`Remove property ${name || 'without a name'}`}
              onClick={() => onChange(drafts.filter((draft) => draft.key !== key))}
            >
              <IconX size={16} aria-hidden />
            </ActionIcon>
          </Group>
        ))}
        <Button
          variant="subtle"
          color="gray"
          size="xs"
          w="fit-content"
          leftSection={<IconPlus size={14} aria-hidden />}
          onClick={() => onChange([...drafts, { key: crypto.randomUUID(), name: '', text: '' }])}
        >
          Add a property
        </Button>
      </Stack>
    </Input.Wrapper>
  )
}
