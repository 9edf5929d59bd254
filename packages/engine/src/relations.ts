/** Queries over several tables as SQL: an entry of its own, which workers load when they are asked for. */
export { type CompiledRelation, type CompileRelation, compileRelation } from './relation-sql.ts'
