// Made by scripts/generate-builtin-functions.ts from PostgreSQL 13, 14, 15, 16, 17; do not edit.
import type { FunctionNames } from './builtin-functions.ts'

/** The functions of pg_catalog that an earlier major has otherwise than 18, or alone. */
export const formerFunctions: { readonly [version: number]: FunctionNames } = {
  13: {
    immutable: `
    close_lb close_sl dist_bl dist_lb interval_accum interval_accum_inv interval_avg interval_combine numeric_fac path_center timezone`,
    stable: `
    pg_backup_start_time pg_stat_get_bgwriter_buf_written_checkpoints pg_stat_get_bgwriter_requested_checkpoints
    pg_stat_get_bgwriter_timed_checkpoints pg_stat_get_buf_fsync_backend pg_stat_get_buf_written_backend
    pg_stat_get_checkpoint_sync_time pg_stat_get_checkpoint_write_time pg_timezone_abbrevs`,
    volatile: `
    binary_upgrade_set_next_toast_pg_type_oid currtid pg_is_in_backup pg_read_file_old pg_rotate_logfile_old pg_start_backup
    pg_stop_backup timezone`,
  },
  14: {
    immutable: `
    close_lb close_sl dist_bl dist_lb interval_accum interval_accum_inv interval_avg interval_combine path_center timezone`,
    stable: `
    pg_backup_start_time pg_stat_get_bgwriter_buf_written_checkpoints pg_stat_get_bgwriter_requested_checkpoints
    pg_stat_get_bgwriter_timed_checkpoints pg_stat_get_buf_fsync_backend pg_stat_get_buf_written_backend
    pg_stat_get_checkpoint_sync_time pg_stat_get_checkpoint_write_time pg_timezone_abbrevs`,
    volatile: `
    pg_is_in_backup pg_read_file_old pg_rotate_logfile_old pg_start_backup pg_stop_backup timezone`,
  },
  15: {
    immutable: `
    interval_accum interval_accum_inv interval_avg interval_combine`,
    stable: `
    pg_stat_get_bgwriter_buf_written_checkpoints pg_stat_get_bgwriter_requested_checkpoints pg_stat_get_bgwriter_timed_checkpoints
    pg_stat_get_buf_fsync_backend pg_stat_get_buf_written_backend pg_stat_get_checkpoint_sync_time pg_stat_get_checkpoint_write_time
    pg_timezone_abbrevs`,
    volatile: `
    pg_read_file_old pg_rotate_logfile_old`,
  },
  16: {
    immutable: `
    interval_accum interval_accum_inv interval_avg interval_combine`,
    stable: `
    pg_stat_get_bgwriter_buf_written_checkpoints pg_stat_get_bgwriter_requested_checkpoints pg_stat_get_bgwriter_timed_checkpoints
    pg_stat_get_buf_fsync_backend pg_stat_get_buf_written_backend pg_stat_get_checkpoint_sync_time pg_stat_get_checkpoint_write_time
    pg_timezone_abbrevs`,
    volatile: `
    pg_read_file_old pg_rotate_logfile_old`,
  },
  17: {
    immutable: `
`,
    stable: `
    pg_timezone_abbrevs`,
    volatile: `
`,
  },
}
