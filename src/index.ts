export { checkMigrations as check } from './verbs/check.ts'
export type { CheckVerbOptions as CheckOptions } from './verbs/check-options.ts'
export type { AcceptedFinding, Baseline } from './check/baseline.ts'
export type { Policy, RuleSetting } from './check/policy.ts'
export { compatibility } from './verbs/compatibility.ts'
export type { CompatibilityOptions } from './verbs/compatibility.ts'
export { loadMigrations } from './verbs/load-migrations.ts'
export type { LoadedMigrations, LoadMigrationsOptions } from './verbs/load-migrations.ts'
export { codeRunner } from './verbs/code-runner.ts'
export { planMigrations as plan } from './verbs/plan.ts'
export type { PlanVerbOptions as PlanOptions } from './verbs/plan.ts'
export { runBackfill } from './verbs/backfill.ts'
export type { RunBackfillOptions } from './verbs/backfill.ts'
export { defineFromSql } from './verbs/backfill-definition.ts'
export type { BackfillWish } from './verbs/backfill-definition.ts'
export { wantOfBackfill } from './verbs/backfills.ts'
export { openThrottles, readThrottle } from './verbs/throttles.ts'
export type { OpenThrottles, ThrottleChoice } from './verbs/throttles.ts'
export { abort } from './run/abort.ts'
export type { AbortReport } from './run/abort.ts'
export { complete } from './run/complete.ts'
export type { Completing } from './run/complete.ts'
export { run } from './run/run.ts'
export type { CodeRunner, ContractOptions, MigrationReport, RunOptions, RunReport, StepReport } from './run/options.ts'
export { openEngine } from './engines.ts'
export { defaultTiming as fleetTiming } from './fleet/options.ts'
export type { FleetOptions, FleetTiming, TargetDone } from './fleet/options.ts'
export { runFleet } from './fleet/run-fleet.ts'
export { joinTargets, targetsGiven, targetsInFile, targetsInRows } from './fleet/targets.ts'
export { defineBackfill } from './backfill/define-backfill.ts'
export type { Backfill, BackfillRow, BackfillTransaction } from './backfill/define-backfill.ts'
export { defineConfig } from './cli/define-config.ts'
export type { Config } from './cli/define-config.ts'

export type { BackfillListener } from './backfill/job.ts'
export type { BackfillDefinition, BackfillState, TriggerChoice, Wanted, WorkerState } from './model/backfill.ts'
export type { Catalog, Relation } from './model/catalog.ts'
export type {
  ApplicationSummary,
  Cause,
  CompatibilityReport,
  JudgedQuery,
  ResultChange,
  ResultColumn,
  SampledQuery,
  SchemaState,
  Tally,
  Verdict,
} from './model/compatibility.ts'
export type { Engine } from './model/engine.ts'
export { errorSpecs, LockkeeperError } from './model/errors.ts'
export type { ErrorCode, ErrorSpec } from './model/errors.ts'
export type { BatchProgress, Blocker, Event, Listener, TimedEvent } from './model/event.ts'
export type { Facts, LockMode, TableLock } from './model/facts.ts'
export type { FleetEvent, FleetJob, FleetListener, FleetReport, FleetRow, FleetRules, FleetStop, FleetTarget } from './model/fleet.ts'
export type { Hazard, HazardRule, Severity } from './model/hazard.ts'
export type { Migration, SourceId } from './model/migration.ts'
export type { BackfillStep, CodeStep, DataCheck, EachStep, Gate, GateStep, Plan, PlannedMigration, SqlStep, Step } from './model/plan.ts'
export type { Server } from './model/server.ts'
export type { Estimate } from './model/statistics.ts'
export type { Reading, Throttle, ThrottleContext, ThrottleKind } from './model/throttle.ts'
export type { ConnectOptions, Session } from './model/session.ts'
export type { CheckedMigration, CheckedStatement, CheckReport, CheckSummary, ProjectFinding, SuppressedHazard } from './model/verdict.ts'
