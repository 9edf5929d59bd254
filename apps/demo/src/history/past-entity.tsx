import { isUniverseError } from '@inner-universe/client'
import type { EntityRow, RelationRow } from '@inner-universe/universe'
import { Button, Group, Skeleton, Stack, Text, Title } from '@mantine/core'
import { type ReactNode, useEffect, useState } from 'react'
import { Link } from 'wouter'
import { entityHref, nameOf } from '../data/entity.ts'
import { formatDateTime } from '../data/format.ts'
import { Description } from '../entity/description.tsx'
import entityClasses from '../entity/entity-page.module.css'
import { PropertyList } from '../entity/property-list.tsx'
import { ErrorNotice } from '../shell/error-notice.tsx'
import { PageTitle } from '../shell/page.tsx'
import { TypeBadge } from '../shell/type-badge.tsx'
import type { PastGraph } from './past-graph.ts'
import { pastHref } from './past-href.ts'
import classes from './past-page.module.css'

/** Relations shown; those of a word are a few, those of a kind may be hundreds. */
const RELATIONS_MAX = 30

interface PastRelation {
  readonly relation: RelationRow
  readonly name: string
}

interface PastFacts {
  /** Undefined: it was not there. */
  readonly entity: EntityRow | undefined
  /** Undefined: it had no note. */
  readonly note: string | undefined
  readonly relations: readonly PastRelation[]
}

/** An entity as it was: what was known of it, its note, and where one could go from it. */
export function PastEntity({
  past,
  id,
}: {
  readonly past: PastGraph
  readonly id: string
}): ReactNode {
  const [facts, setFacts] = useState<PastFacts>()
  const [error, setError] = useState<unknown>()
  useEffect(() => {
    let isCurrent = true
    readFacts(past, id).then(
      (read) => {
        if (isCurrent) setFacts(read)
      },
      (failure: unknown) => {
        if (isCurrent) setError(failure)
      },
    )
    return () => {
      isCurrent = false
    }
  }, [past, id])
  if (error !== undefined) return <ErrorNotice error={error} title="It cannot be read as it was" />
  if (facts === undefined) return <Skeleton mt="xl" height={140} radius={10} aria-label="Reading" />
  const { entity, note, relations } = facts
  if (entity === undefined) {
    return (
      <Stack align="flex-start" mt="xl" gap={4}>
        <PageTitle>It was not there yet</PageTitle>
        <Text c="dimmed">There was no such entity then, or it had been deleted.</Text>
      </Stack>
    )
  }
  return (
    <article className={classes.entity} aria-label={nameOf(entity)}>
      <Group gap="xs" mb={6}>
        <TypeBadge type={entity.entity_type} />
        {entity.metadata.tags.map((tag) => (
          <span key={tag} className={entityClasses.tag}>
            {tag}
          </span>
        ))}
      </Group>
      <PageTitle className={entityClasses.title}>{nameOf(entity)}</PageTitle>
      <Description text={entity.metadata.description ?? ''} />
      <Group gap="xs" mt="md">
        <Button component={Link} href={entityHref(id)} variant="default" size="xs">
          As it is now
        </Button>
      </Group>
      <section className={classes.section} aria-label="What was known of it">
        <PropertyList properties={entity.metadata.properties} />
        <dl className={entityClasses.facts}>
          <dt>Changed</dt>
          <dd>{formatDateTime(entity.updated_at)}</dd>
          <dt>Revision</dt>
          <dd className="count">{entity.revision}</dd>
        </dl>
      </section>
      {note !== undefined && (
        <section className={classes.section} aria-labelledby="past-note">
          <Title order={2} id="past-note" className={classes.sectionTitle}>
            Its note
          </Title>
          <p className={classes.note}>{note === '' ? 'Nothing was written in it.' : note}</p>
        </section>
      )}
      {relations.length > 0 && (
        <section className={classes.section} aria-labelledby="past-relations">
          <Title order={2} id="past-relations" className={classes.sectionTitle}>
            Its relations
          </Title>
          <ul className={classes.relations}>
            {relations.slice(0, RELATIONS_MAX).map(({ relation, name }) => (
              <li key={relation.id}>
                <span className={classes.relationType}>{relation.relation_type}</span>
                <Link href={pastHref(past.version.id, relation.to_entity)}>{name}</Link>
              </li>
            ))}
          </ul>
          {relations.length > RELATIONS_MAX && (
            <Text size="sm" c="dimmed" mt="xs">
              And more.
            </Text>
          )}
        </section>
      )}
    </article>
  )
}

async function readFacts(past: PastGraph, id: string): Promise<PastFacts> {
  const [entity, note, relations] = await Promise.all([
    past.get('entity', id),
    readNote(past, id),
    past.query((q) =>
      q.relation.where({ from_entity: id as EntityRow['id'] }).limit(RELATIONS_MAX + 1),
    ),
  ])
  const ends = [...new Set(relations.map(({ to_entity }) => to_entity))]
  const others = await past.query((q) => q.entity.where({ id: { in: ends } }).limit(ends.length))
  const nameById = new Map(others.map((other) => [other.id, nameOf(other)]))
  return {
    entity,
    note,
    relations: relations.map((relation) => ({
      relation,
      name: nameById.get(relation.to_entity) ?? 'one that was not there',
    })),
  }
}

async function readNote(past: PastGraph, id: string): Promise<string | undefined> {
  try {
    const doc = await past.doc('entity_note', id, 'body')
    return doc.getText('content').toString()
  } catch (error) {
    // Most entities have no note.
    if (isUniverseError(error, 'table/row-not-found')) return undefined
    throw error
  }
}
