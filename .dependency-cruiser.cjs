// Who may import whom, in the order of docs/architecture.md. cli, demo, verbs, index.ts and engines.ts are not listed: they may import anything.
const mayImport = {
  std: [],
  model: ['std'],
  adapters: ['model', 'std'],
  throttles: ['model', 'std'],
  check: ['model', 'std'],
  compatibility: ['model', 'std'],
  backfill: ['model', 'std'],
  monitor: ['model', 'std'],
  postgres: ['model', 'std'],
  report: ['model', 'std'],
  embedded: ['model', 'std'],
  plan: ['check', 'model', 'std'],
  run: ['backfill', 'monitor', 'model', 'std'],
  fleet: ['model', 'std'],
}
const free = ['cli', 'demo', 'verbs']
const folders = [...Object.keys(mayImport), ...free].join('|')
const test = '\\.test\\.ts$'
const extensionFolders = 'adapters|throttles|postgres/(?:hazards|operations|rewrites)|cli/commands'

const layer = ([from, to]) => ({
  name: `${from}-imports`,
  comment: `src/${from} may import ${to.length > 0 ? to.map((name) => `src/${name}`).join(', ') : 'nothing else of src'}`,
  severity: 'error',
  from: { path: `^src/${from}/`, pathNot: test },
  to: { path: '^src/', pathNot: `^src/(${[from, ...to].join('|')})/` },
})

const only = (name, file) => ({
  name: `${name}-only-in-one-file`,
  comment: `only ${file} may import ${name}; call what it exports`,
  severity: 'error',
  from: { pathNot: `^${file.replaceAll('.', '\\.')}$|^(test|bench|scripts)/` },
  to: { path: `node_modules/${name}/` },
})

module.exports = {
  forbidden: [
    ...Object.entries(mayImport).map(layer),
    only('pg', 'src/postgres/client.ts'),
    only('libpg-query', 'src/postgres/parse.ts'),
    only('pg-boss', 'src/fleet/queue.ts'),
    {
      name: 'no-cycles',
      comment: 'files that import each other in a circle, types included: move what both need into a third',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'pure-core',
      comment:
        'src/model, check, compatibility, plan and report import no node:* and no package, so that they run anywhere and need no database',
      severity: 'error',
      from: { path: '^src/(model|check|compatibility|plan|report)/', pathNot: test },
      to: { dependencyTypes: ['core', 'npm', 'npm-dev', 'npm-peer', 'npm-optional', 'npm-no-pkg', 'npm-unknown'] },
    },
    {
      name: 'siblings-are-strangers',
      comment: 'the files of an extension folder know nothing of each other; what two share goes into a file whose name begins with _',
      severity: 'error',
      from: { path: `^src/(${extensionFolders})/(?!index\\.ts$)`, pathNot: test },
      to: { path: '^src/$1/', pathNot: '^src/$1/_' },
    },
    {
      name: 'verbs-imports',
      comment: 'the library knows nothing of the command line and the demo that use it',
      severity: 'error',
      from: { path: '^src/verbs/', pathNot: test },
      to: { path: '^src/(cli|demo)/' },
    },
    {
      name: 'source-stands-alone',
      comment: 'src does not import tests, benchmarks or scripts',
      severity: 'error',
      from: { path: '^src/', pathNot: test },
      to: { path: '^(test|bench|scripts)/' },
    },
    {
      name: 'no-dev-packages',
      comment: 'src runs where only dependencies are installed; move the package to dependencies, or do without',
      severity: 'error',
      from: { path: '^src/', pathNot: test },
      to: { dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'], dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'folder-in-the-table',
      comment: 'a new folder in src needs its line in .dependency-cruiser.cjs and docs/architecture.md',
      severity: 'error',
      from: { path: '^src/[^/]+/', pathNot: `^src/(${folders})/` },
      to: {},
    },
  ],
  options: {
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^(test/cases|dist)/' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'types', 'require', 'default'] },
  },
}
