import type { EntityRow } from '@inner-universe/universe'
import { Button, Group, Skeleton, Stack, Text, Title } from '@mantine/core'
import { IconEdit, IconTopologyStar3, IconTrash } from '@tabler/icons-react'
import { type ReactNode, useState } from 'react'
import { Link } from 'wouter'
import { graphHref, nameOf } from '../data/entity.ts'
import { formatDateTime } from '../data/format.ts'
import { NotePanel } from '../notes/note-panel.tsx'
import { Viewers } from '../presence/people.tsx'
import { ErrorNotice } from '../shell/error-notice.tsx'
import { Page, PageTitle } from '../shell/page.tsx'
import { TypeBadge } from '../shell/type-badge.tsx'
import { UnsyncedMark } from '../sync/unsynced-mark.tsx'
import { useLiveQuery } from '../universe.ts'
import { DeleteEntityModal } from './delete-entity-modal.tsx'
import { Description } from './description.tsx'
import { EntityEditor } from './entity-editor.tsx'
import classes from './entity-page.module.css'
import { KindPanel } from './kind-panel.tsx'
import { PropertyList } from './property-list.tsx'
import { RelationPanel } from './relation-panel.tsx'

/** One entity: what it means, what is known of it, and what it is related to. */
export function EntityPage({ id }: { readonly id: string }): ReactNode {
  // With a limit it is read by its id; without one the query would be fed from the whole table.
  const state = useLiveQuery((q) => q.entity.where({ id: id as EntityRow['id'] }).limit(1), [id])
  const [row] = state.rows
  if (row !== undefined) return <Found row={row} />
  return (
    <Page title="Entity" size="lg">
      {state.error !== undefined ? (
        <ErrorNotice error={state.error} title="The entity cannot be read" />
      ) : state.isReady ? (
        <Gone />
      ) : (
        <Loading />
      )}
    </Page>
  )
}

function Found({ row }: { readonly row: EntityRow }): ReactNode {
  const [mode, setMode] = useState<'read' | 'edit'>('read')
  const [isDeleting, setIsDeleting] = useState(false)
  const name = nameOf(row)
  return (
    <Page title={name} size="lg">
      <article className={classes.columns}>
        <div className={classes.main}>
          {mode === 'edit' ? (
            <EntityEditor row={row} onEnd={() => setMode('read')} />
          ) : (
            <>
              <header className={classes.header}>
                <Group gap="xs" mb={6}>
                  <TypeBadge type={row.entity_type} />
                  {row.metadata.tags.map((tag) => (
                    <span key={tag} className={classes.tag}>
                      {tag}
                    </span>
                  ))}
                  <UnsyncedMark id={row.id} withText />
                  <Viewers id={row.id} />
                </Group>
                <PageTitle className={classes.title}>{name}</PageTitle>
                <OtherNames row={row} name={name} />
              </header>
              <Description text={row.metadata.description ?? ''} />
              <Group gap="xs" mt="lg">
                <Button
                  variant="default"
                  size="sm"
                  leftSection={<IconEdit size={16} stroke={1.6} aria-hidden />}
                  onClick={() => setMode('edit')}
                >
                  Edit
                </Button>
                <Button
                  component={Link}
                  href={graphHref(row.id)}
                  variant="default"
                  size="sm"
                  leftSection={<IconTopologyStar3 size={16} stroke={1.6} aria-hidden />}
                >
                  Graph
                </Button>
                <Button
                  variant="subtle"
                  color="red"
                  size="sm"
                  leftSection={<IconTrash size={16} stroke={1.6} aria-hidden />}
                  onClick={() => setIsDeleting(true)}
                >
                  Delete
                </Button>
              </Group>
            </>
          )}
          <NotePanel id={row.id} name={name} />
          <KindPanel id={row.id} />
          <RelationPanel id={row.id} name={name} />
        </div>
        <aside className={classes.aside} aria-label="Details">
          <PropertyList properties={row.metadata.properties} />
          <dl className={classes.facts}>
            <dt>Changed</dt>
            <dd>{formatDateTime(row.updated_at)}</dd>
            <dt>Created</dt>
            <dd>{formatDateTime(row.created_at)}</dd>
            <dt>Revision</dt>
            <dd className="count">{row.revision}</dd>
            <dt>Id</dt>
            <dd className={classes.id}>{row.id}</dd>
          </dl>
        </aside>
      </article>
      <DeleteEntityModal row={row} isOpen={isDeleting} onClose={() => setIsDeleting(false)} />
    </Page>
  )
}

function OtherNames({ row, name }: { readonly row: EntityRow; readonly name: string }): ReactNode {
  const { lemmas } = row.metadata.properties
  if (!Array.isArray(lemmas)) return null
  const others = lemmas.filter((lemma) => typeof lemma === 'string' && lemma !== name)
  if (others.length === 0) return null
  return <p className={classes.others}>{others.join(' · ')}</p>
}

function Gone(): ReactNode {
  return (
    <Stack align="flex-start" py="xl">
      <Title order={1}>This entity is not here</Title>
      <Text c="dimmed">It was deleted, or its import has not come so far.</Text>
      <Button component={Link} href="/" variant="light">
        Go to the start
      </Button>
    </Stack>
  )
}

function Loading(): ReactNode {
  return (
    <div role="status" aria-label="Loading the entity">
      <Skeleton height={22} width={120} mb={12} />
      <Skeleton height={48} width="55%" mb={20} />
      <Skeleton height={18} mb={8} />
      <Skeleton height={18} width="70%" />
    </div>
  )
}
