import { isUniverseError, type LiveExplanation } from '@inner-universe/client'
import { Drawer, Skeleton, Stack, Text } from '@mantine/core'
import { type ReactNode, useEffect, useState } from 'react'
import { ErrorNotice } from '../shell/error-notice.tsx'
import { type AppUniverse, useUniverse } from '../universe.ts'
import { type WordnetViews, wordnetModule } from '../wordnet-module.ts'
import classes from './explain-drawer.module.css'
import { PlanTree } from './plan-tree.tsx'

/** Of rows of any type. */
export type ExplainedBuild = Parameters<AppUniverse['explain']>[0]

/** How a live list is kept: its operators, and those of the declared views that it reads. */
export function ExplainDrawer({
  title,
  build,
  isOpen,
  onClose,
}: {
  readonly title: string
  readonly build: ExplainedBuild
  readonly isOpen: boolean
  readonly onClose: () => void
}): ReactNode {
  return (
    <Drawer
      opened={isOpen}
      onClose={onClose}
      position="right"
      size="lg"
      title={`How “${title}” is kept`}
      closeButtonProps={{ 'aria-label': 'Close' }}
    >
      <Explained build={build} />
    </Drawer>
  )
}

type Answer =
  | { readonly kind: 'asking' }
  | { readonly kind: 'failed'; readonly error: unknown }
  | {
      readonly kind: 'told'
      readonly list: LiveExplanation
      readonly views: ReadonlyMap<string, LiveExplanation>
    }

function Explained({ build }: { readonly build: ExplainedBuild }): ReactNode {
  const universe = useUniverse()
  const [answer, setAnswer] = useState<Answer>({ kind: 'asking' })
  useEffect(() => {
    let isGone = false
    async function ask(): Promise<Answer> {
      try {
        const list = await universe.explain(build)
        const views = new Map<string, LiveExplanation>()
        for (const view of list.tables.filter(isView)) {
          const told = await universe.explainView(view)
          if (told !== undefined) views.set(view, told)
        }
        return { kind: 'told', list, views }
      } catch (error) {
        if (!isUniverseError(error)) throw error
        return { kind: 'failed', error }
      }
    }
    void ask().then((next) => {
      if (!isGone) setAnswer(next)
    })
    return () => {
      isGone = true
    }
  }, [universe, build])

  if (answer.kind === 'asking') return <Skeleton height={320} aria-label="Asking how it is kept" />
  if (answer.kind === 'failed') {
    return <ErrorNotice error={answer.error} title="It could not be explained" />
  }
  const { list, views } = answer
  const texts = [
    ['In memory, while this list is shown', list.text],
    ...[...views].map(([view, { text }]) => [`View ${view}, in the file`, text] as const),
  ] as const
  return (
    <Stack gap="lg">
      <Text size="sm" c="dimmed">
        Changes enter at the bottom and leave at the top as a patch of the list. Each step does only
        what follows from the change; some keep something to be able to.
      </Text>
      {list.graph === undefined ? (
        <Text size="sm">It is {list.text}.</Text>
      ) : (
        <PlanTree
          name="Operators"
          root={list.graph}
          views={new Map([...views].flatMap(([view, { graph }]) => (graph ? [[view, graph]] : [])))}
        />
      )}
      <details className={classes.details}>
        <summary>The same as text</summary>
        {texts.map(([head, text]) => (
          <div key={head}>
            <p className={classes.textHead}>{head}</p>
            <pre className={classes.text}>{text}</pre>
          </div>
        ))}
      </details>
    </Stack>
  )
}

function isView(name: string): name is keyof WordnetViews {
  return Object.hasOwn(wordnetModule.views, name)
}
