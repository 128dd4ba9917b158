// Installs the packages of package-lock.json where node_modules does not hold them. Plain Node: it runs before anything is installed.
import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

/** A stalled `npm ci` was measured to sit on idle sockets for ten minutes; a good one takes 10 to 60 s. */
const limitMs = 5 * 60_000
const tries = 2

if (process.argv[1] && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) process.exitCode = await ensureInstalled()

/** Returns the exit status: 0 installed, 1 not. */
async function ensureInstalled() {
  const root = fileURLToPath(new URL('..', import.meta.url))
  if (whyNotInstalled(root) === undefined) return 0
  return await alone(join(root, '.lockkeeper', 'installing'), () => installWithRetry(root))
}

/** @param {string} root */
async function installWithRetry(root) {
  const reason = whyNotInstalled(root)
  if (reason === undefined) return 0
  for (let attempt = 1; attempt <= tries; attempt++) {
    say(`${attempt === 1 ? reason : 'trying once more'}; running npm ci (limit ${limitMs / 60_000} minutes)`)
    const outcome = await install(root)
    if (outcome === 'done') return 0
    say(`npm ci ${outcome}`)
  }
  say('could not install. Look at the lines above; `npm ci` by hand shows the same.')
  return 1
}

/**
 * Runs `work` while no other process of this machine does: `npm test` and `npm run demo` begun together in a fresh clone must not
 * install over each other. The file holds the pid, so that one left by a process that died is seen for what it is.
 * @param {string} file
 * @param {() => Promise<number>} work
 */
async function alone(file, work) {
  const giveUpAt = Date.now() + (tries + 1) * limitMs
  mkdirSync(dirname(file), { recursive: true })
  for (let waited = false; !take(file); waited = true) {
    if (!waited) say('another process installs already; waiting for it')
    if (Date.now() > giveUpAt) throw new Error(`another process still installs; if none does, remove ${file}`)
    await sleep(500)
  }
  try {
    return await work()
  } finally {
    rmSync(file, { force: true })
  }
}

/** @param {string} file */
function take(file) {
  try {
    writeFileSync(file, String(process.pid), { flag: 'wx' })
    return true
  } catch {
    if (existsSync(file) && !isAlive(Number(readFileSync(file, 'utf8')))) rmSync(file, { force: true })
    return false
  }
}

/** @param {number} pid */
function isAlive(pid) {
  try {
    return process.kill(pid, 0)
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}

/**
 * Says in words why node_modules does not answer to package-lock.json; undefined where it does.
 * npm writes node_modules/.package-lock.json as the last act of an install, so half an install has none.
 * @param {string} root
 * @returns {string | undefined}
 */
function whyNotInstalled(root) {
  const wanted = readPackages(join(root, 'package-lock.json'))
  if (wanted === undefined) return 'package-lock.json cannot be read'
  const installed = readPackages(join(root, 'node_modules', '.package-lock.json'))
  if (installed === undefined) return 'no packages are installed'
  const odd = firstDifference(wanted, installed, process)
  if (odd !== undefined) return odd
  const gone = Object.keys(installed).find((path) => !existsSync(join(root, path, 'package.json')))
  return gone && `${gone} is gone`
}

/** @param {string} file */
function readPackages(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8')).packages
  } catch {
    return undefined
  }
}

/**
 * The first package that package-lock.json asks for and node_modules lacks, in words. Optional packages for another platform
 * may be missing. Pure: `machine` is `process` or a stand-in with its platform and arch.
 * @typedef {{ version?: string, integrity?: string, optional?: boolean, os?: string[], cpu?: string[], libc?: string[] }} Package
 * @param {Record<string, Package>} wanted
 * @param {Record<string, Package>} installed
 * @param {{ platform: string, arch: string }} machine
 * @returns {string | undefined}
 */
export function firstDifference(wanted, installed, machine) {
  for (const [path, entry] of Object.entries(wanted)) {
    if (path === '') continue
    const found = installed[path]
    if (found === undefined && !(entry.optional && !isForUs(entry, machine))) return `${path} is not installed`
    if (found !== undefined && (found.version !== entry.version || found.integrity !== entry.integrity))
      return `${path} is of another version`
  }
  return undefined
}

/**
 * Whether an optional package is one that this machine must have: it names its platforms and ours is among them. Which C library
 * runs cannot be told cheaply, so a package bound to one may be missing; so may one that only a package for another platform needs.
 */
function isForUs(entry, { platform, arch }) {
  return entry.os !== undefined && fits(entry.os, platform) && fits(entry.cpu, arch) && entry.libc === undefined
}

function fits(list, value) {
  if (list === undefined) return true
  return list.includes(value) || (!list.includes(`!${value}`) && list.every((item) => item.startsWith('!')))
}

/**
 * Runs `npm ci` in its own process group, so that a stalled one ends with all its children. Its output goes to standard error.
 * @param {string} cwd
 * @returns {Promise<string>} `done`, or what became of it
 */
function install(cwd) {
  const [command, ...first] = npm()
  const args = [...first, 'ci', '--include=dev', '--include=optional', '--no-audit', '--no-fund', '--fetch-timeout=60000']
  const child = spawn(command, args, { cwd, stdio: ['ignore', 2, 2], detached: true })
  const endAll = () => {
    if (child.pid === undefined) return
    try {
      process.kill(-child.pid, 'SIGKILL')
    } catch {
      // It ended a moment ago.
    }
  }
  const stop = (signal) => {
    endAll()
    process.exit(signal === 'SIGINT' ? 130 : 143)
  }
  process.once('SIGINT', stop).once('SIGTERM', stop)
  return new Promise((resolve) => {
    let late = false
    const timer = setTimeout(() => {
      late = true
      endAll()
    }, limitMs)
    const end = (outcome) => {
      clearTimeout(timer)
      process.off('SIGINT', stop).off('SIGTERM', stop)
      resolve(late ? `did not end within ${limitMs / 60_000} minutes and was stopped` : outcome)
    }
    child.once('error', (error) => end(`could not be started: ${error.message}`))
    child.once('exit', (status, signal) => end(status === 0 ? 'done' : `ended with ${signal ?? `status ${status}`}`))
  })
}

/** The npm that runs this script, else the one in PATH. */
function npm() {
  const path = process.env.npm_execpath
  return path !== undefined && basename(path) === 'npm-cli.js' ? [process.execPath, path] : ['npm']
}

function say(text) {
  process.stderr.write(`ensure-installed: ${text}\n`)
}
