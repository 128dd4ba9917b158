import os from 'node:os'
import { LockkeeperError } from '../model/errors.ts'
import type { ThrottleKind } from '../model/throttle.ts'
import { percent } from './_amounts.ts'
import { limitOf } from './_text.ts'

/**
 * Processes that run or want to, the mean of the last minute, in percent of the processors: above 100 % some wait. On Linux those that wait for a
 * disk count too. Reads this machine's own figure (getloadavg), so only where the server's address is a socket or a loopback: a tunnel looks
 * like one and is not. Needs no right.
 */
export const cpu: ThrottleKind = {
  id: 'cpu',
  summary: 'the load of the processors, where the server is on this machine',
  example: '80%',
  open(value, { session }) {
    const limit = limitOf(cpu, value, percent)
    const { host } = session.target
    if (!isHere(host) || process.platform === 'win32') throw elsewhere(host)
    const read = async () => {
      const [minute = Number.NaN] = os.loadavg()
      const share = (minute / os.availableParallelism()) * 100
      return {
        load: share / limit,
        reason: `the load is ${minute.toFixed(1)} on ${os.availableParallelism()} processors: ${Math.round(share)} % (limit ${limit} %)`,
      }
    }
    return { id: cpu.id, everyMs: 2_000, read }
  },
}

function isHere(host: string): boolean {
  return host.startsWith('/') || host === 'localhost' || /^127\.\d+\.\d+\.\d+$/.test(host) || /^\[?::1\]?$/.test(host)
}

function elsewhere(host: string): LockkeeperError {
  return new LockkeeperError('usage', `--throttle cpu: the processors of ${host} cannot be seen from this machine`, {
    hint: 'Leave it out, run lockkeeper on the server itself, or use --throttle "probe=50ms select ...".',
  })
}
