/**
 * Standard Schema v1: the interface that validators (Zod, Valibot, ArkType, …) share, so that a
 * reducer takes any of them for its arguments. https://standardschema.dev asks that the types be
 * copied rather than depended on; these are its names and shapes.
 */
import { UniverseError } from './error.ts'

/** A validator with the types of what goes in and what comes out. */
export interface StandardSchemaV1<Input = unknown, Output = Input> {
  readonly '~standard': StandardSchemaV1.Props<Input, Output>
}

// biome-ignore lint/style/noNamespace: the specification names its types this way; types only.
export declare namespace StandardSchemaV1 {
  /** The properties a validator carries under `~standard`. */
  interface Props<Input = unknown, Output = Input> {
    readonly version: 1
    readonly vendor: string
    readonly validate: (value: unknown) => Result<Output> | Promise<Result<Output>>
    readonly types?: Types<Input, Output> | undefined
  }

  /** What validation comes to. */
  type Result<Output> = SuccessResult<Output> | FailureResult

  /** A valid value, maybe changed by the validator. */
  interface SuccessResult<Output> {
    readonly value: Output
    readonly issues?: undefined
  }

  /** An invalid value. */
  interface FailureResult {
    readonly issues: readonly Issue[]
  }

  /** One fault of a value. */
  interface Issue {
    readonly message: string
    readonly path?: readonly (PropertyKey | PathSegment)[] | undefined
  }

  /** One step of a path to a fault. */
  interface PathSegment {
    readonly key: PropertyKey
  }

  /** Carries types only. */
  interface Types<Input = unknown, Output = Input> {
    readonly input: Input
    readonly output: Output
  }

  /** The type a validator takes. */
  type InferInput<Schema extends StandardSchemaV1> = NonNullable<
    Schema['~standard']['types']
  >['input']

  /** The type a validator gives. */
  type InferOutput<Schema extends StandardSchemaV1> = NonNullable<
    Schema['~standard']['types']
  >['output']
}

/** One fault of a value as plain data: what, and where (`items.0.name`; empty for the whole). */
export interface ValidationIssue {
  readonly message: string
  readonly path: string
}

/** A valid value as the validator gave it back, or what is wrong. */
export type Validation<Value> =
  | { readonly isValid: true; readonly value: Value }
  | { readonly isValid: false; readonly issues: readonly ValidationIssue[] }

/**
 * Validates a value with any Standard Schema validator, at once.
 *
 * @throws UniverseError `reducer/asynchronous` when the validator answers with a promise: nothing
 * can be awaited inside a transaction. What the validator itself throws is passed on.
 */
export function validateWithStandardSchema<Schema extends StandardSchemaV1>(
  schema: Schema,
  value: unknown,
): Validation<StandardSchemaV1.InferOutput<Schema>> {
  const { validate, vendor } = schema['~standard']
  const result = validate(value)
  if (isPromiseLike(result)) {
    // Nobody waits for it: without this, its failure would be reported as unhandled.
    result.then(undefined, () => undefined)
    throw new UniverseError(
      'reducer/asynchronous',
      `the ${vendor} schema validates asynchronously; take its asynchronous checks out`,
      { details: { vendor } },
    )
  }
  if (result.issues === undefined) return { isValid: true, value: result.value }
  return { isValid: false, issues: result.issues.map(plainIssue) }
}

function isPromiseLike(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as { then?: unknown } | null)?.then === 'function'
}

function plainIssue(issue: StandardSchemaV1.Issue): ValidationIssue {
  const path = (issue.path ?? []).map((step) => String(typeof step === 'object' ? step.key : step))
  return { message: issue.message, path: path.join('.') }
}
