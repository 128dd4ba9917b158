/** Set to 'on' for a transaction that writes what the sync triggers would have written, which then do not fire (operations/_sync.ts). */
export const inStepSetting = 'lockkeeper.in_step'
