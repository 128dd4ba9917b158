import { expect, test } from 'vitest'
import { deployJobs } from './sync-jobs.ts'

test('a job ends before the next one in the file, whatever its name is', () => {
  const text = 'deploy-production:\n  script: [a]\n7:\n  stage: production\n: {stage: production}\nother: {}\n'
  expect(deployJobs('.gitlab-ci.yml', text)).toEqual([
    { name: '7', from: 4, to: 4 },
    { name: 'deploy-production', from: 2, to: 3 },
    { name: '', from: 5, to: 5 },
  ])
})
