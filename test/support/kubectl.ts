import { createRequire } from 'node:module'

/**
 * A kubectl for the tests of the recipes: a script for `bin/` of a project. It runs a Job's command in the project's folder, as often as the Job says,
 * keeps the result, and answers the few calls that a deploy makes. There is no cluster; the database is a real one. `calls` lists what was asked.
 */
export function kubectlScript(): string {
  return `#!${process.execPath}
const { spawnSync } = require('node:child_process')
const fs = require('node:fs')
const { join } = require('node:path')
const folder = join(__dirname, '..')
const args = process.argv.slice(2)
const at = (name) => join(folder, 'cluster', name.replace('/', '_'))
const fail = (text) => { console.error(text); process.exit(1) }
const document = () => require(${JSON.stringify(yamlPath)}).parse(fs.readFileSync(0, 'utf8'))

fs.mkdirSync(join(folder, 'cluster'), { recursive: true })
fs.appendFileSync(join(folder, 'cluster', 'calls'), args.join(' ') + '\\n')
const verb = args[0]
if (verb === 'create') create(document())
else if (verb === 'wait') wait()
else if (verb === 'logs') console.log(fs.readFileSync(at('job.batch/' + args[1].split('job-name=')[1]) + '.log', 'utf8'))
else if (verb === 'apply') fs.writeFileSync(at('cronjob'), JSON.stringify(document()))
else if (verb !== 'set' && !(verb === 'rollout' && args[1] === 'status')) fail('unknown: ' + args.join(' '))

function create(job) {
  if (job.kind !== 'Job') fail('no Job: ' + job.kind)
  const made = fs.readdirSync(join(folder, 'cluster')).filter((name) => name.endsWith('.log')).length
  const name = 'job.batch/' + (job.metadata.name ?? job.metadata.generateName + made)
  if (fs.existsSync(at(name))) fail('AlreadyExists ' + name)
  const { condition, log } = runJob(job.spec)
  fs.writeFileSync(at(name), condition)
  fs.writeFileSync(at(name) + '.log', log)
  console.log(name)
}

function runJob({ backoffLimit, podFailurePolicy, template }) {
  const { command, args = [] } = template.spec.containers[0]
  const final = (podFailurePolicy?.rules ?? []).flatMap(({ action, onExitCodes }) => (action === 'FailJob' ? onExitCodes.values : []))
  let log = ''
  for (let pods = 1; pods <= backoffLimit + 1; pods += 1) {
    const { status, stdout, stderr } = spawnSync(command[0], [...command.slice(1), ...args], { cwd: folder, encoding: 'utf8', timeout: 30000 })
    log += stdout + stderr + 'pod ' + pods + ' ended with ' + status + '\\n'
    if (status === 0) return { condition: 'complete', log }
    if (final.includes(status)) break
  }
  return { condition: 'failed', log }
}

function wait() {
  const flags = new Map(args.filter((arg) => arg.startsWith('--')).map((arg) => arg.split(/=(.*)/)))
  if (!flags.has('--timeout')) fail('a wait without a limit')
  const held = fs.readFileSync(at(args.at(-1)), 'utf8')
  if (flags.get('--for') !== 'condition=' + held) fail('timed out waiting for the condition')
}
`
}

const yamlPath = createRequire(import.meta.url).resolve('yaml')
