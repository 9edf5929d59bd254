import { Button, Textarea } from '@mantine/core'
import { IconBookmarkPlus } from '@tabler/icons-react'
import { type FormEvent, type ReactNode, useState } from 'react'
import { useSearchParams } from 'wouter'
import { ErrorNotice } from '../shell/error-notice.tsx'
import { useUniverse } from '../universe.ts'
import classes from './history-page.module.css'
import { useAction } from './use-action.ts'

/** Names the state of now, and shows it. */
export function CommitForm(): ReactNode {
  const { versions } = useUniverse()
  const [, setParams] = useSearchParams()
  const [description, setDescription] = useState('')
  const { run, isPending, error, reset } = useAction()

  function submit(event?: FormEvent): void {
    event?.preventDefault()
    if (isPending || description.trim() === '') return
    run(async () => {
      const { id } = await versions.commit(description.trim())
      setDescription('')
      setParams({ version: id }, { replace: true })
    })
  }

  return (
    <form aria-label="Name this state" onSubmit={submit}>
      <div className={classes.commit}>
        <Textarea
          label="Name this state"
          placeholder="What is special about now; more about it from the second line on"
          autosize
          minRows={1}
          maxRows={6}
          className={classes.commitText ?? ''}
          value={description}
          onChange={(event) => setDescription(event.currentTarget.value)}
          onKeyDown={(event) => {
            if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) submit()
          }}
        />
        <Button
          type="submit"
          loading={isPending}
          disabled={description.trim() === ''}
          leftSection={<IconBookmarkPlus size={17} stroke={1.7} aria-hidden />}
        >
          Name it
        </Button>
      </div>
      {error !== undefined && (
        <ErrorNotice error={error} title="The state was not named" onClose={reset} />
      )}
    </form>
  )
}
