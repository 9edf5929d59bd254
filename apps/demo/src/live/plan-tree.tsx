import type { LiveExplanation } from '@inner-universe/client'
import { IconArrowUp, IconDatabase, IconStack2, IconTable } from '@tabler/icons-react'
import type { ReactNode } from 'react'
import classes from './plan-tree.module.css'

/** One operator and what it reads. */
type Explanation = NonNullable<LiveExplanation['graph']>

/**
 * A plan as boxes, the result at the top and what is read below. A declared view that is read is a
 * box with its own operators in it.
 */
export function PlanTree({
  name,
  root,
  views,
}: {
  readonly name: string
  readonly root: Explanation
  readonly views: ReadonlyMap<string, Explanation>
}): ReactNode {
  return (
    <section className={classes.scroll} aria-label={name}>
      <Operator of={root} views={views} />
    </section>
  )
}

function Operator({
  of,
  views,
}: {
  readonly of: Explanation
  readonly views: ReadonlyMap<string, Explanation>
}): ReactNode {
  const { operator, description, keeps, indexes, missing, inputs } = of
  const view = operator === 'table' ? views.get(description) : undefined
  if (view !== undefined) {
    return (
      <section className={classes.view} aria-label={`Declared view ${description}`}>
        <p className={classes.viewName}>
          <IconDatabase size={14} stroke={1.6} aria-hidden /> declared view <b>{description}</b>,
          kept in the file
        </p>
        <Operator of={view} views={NO_VIEWS} />
      </section>
    )
  }
  const isTable = operator === 'table'
  return (
    <div className={classes.branch}>
      <div className={classes.box} data-kind={isTable ? 'table' : 'operator'}>
        <p className={classes.name}>
          {isTable ? <IconTable size={14} stroke={1.6} aria-hidden /> : null}
          {isTable ? description : operator}
        </p>
        {!isTable && description !== '' && <p className={classes.description}>{description}</p>}
        {keeps !== 'nothing' && (
          <p className={classes.keeps}>
            <IconStack2 size={14} stroke={1.6} aria-hidden /> keeps {keeps}
          </p>
        )}
        {indexes.map((index) => (
          <p key={index} className={classes.index}>
            reads {index}
          </p>
        ))}
        {missing.map(({ table, columns }) => (
          <p key={`${table} ${columns.join()}`} className={classes.missing}>
            an index of {table} on {columns.join(', ')} would spare it memory
          </p>
        ))}
      </div>
      {inputs.length > 0 && (
        <>
          <IconArrowUp className={classes.arrow} size={16} stroke={1.6} aria-hidden />
          <div className={classes.inputs}>
            {inputs.map((input, at) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: inputs of a plan do not move
              <Operator key={at} of={input} views={views} />
            ))}
          </div>
        </>
      )}
    </div>
  )
}

const NO_VIEWS: ReadonlyMap<string, Explanation> = new Map()
