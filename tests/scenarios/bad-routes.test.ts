import { describe, expect, test } from 'bun:test'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { checkConfig } from '../../src/app/check-config.ts'

/** The lines that a check says of a file with these routes. */
function problemsOf(routes: string): readonly string[] {
  const folder = mkdtempSync(join(tmpdir(), 'signalbox-routes-'))
  try {
    const head =
      'models:\n  providers: { ollama: }\n  models:\n    - { name: a, provider: ollama, can: { tools: false, context: 8000 } }\n    - { name: b, provider: ollama }\n  routes:\n'
    writeFileSync(join(folder, 'signalbox.yaml'), `${head}${routes}`)
    const report = checkConfig({ file: 'signalbox.yaml', cwd: folder, env: {} })
    return report.type === 'bad' ? report.lines : []
  } finally {
    rmSync(folder, { recursive: true })
  }
}

describe('a route is refused at load, with file and line,', () => {
  test.each<[what: string, routes: string, problem: string]>([
    [
      'that leads back to itself',
      '    - { name: x, targets: [ { model: y } ] }\n    - { name: y, targets: [ { model: a }, { model: x } ] }\n',
      'signalbox.yaml:7:18 models.routes[0].targets: leads back to itself: x → y → x',
    ],
    [
      'that is its own target',
      '    - { name: x, targets: [ { model: x } ] }\n',
      'signalbox.yaml:7:18 models.routes[0].targets: leads back to itself: x → x',
    ],
    [
      'whose target names nothing',
      '    - { name: x, targets: [ { model: a }, { model: bb } ] }\n',
      'signalbox.yaml:7:52 models.routes[0].targets[1].model: no model and no route is called "bb"; did you mean "b"?',
    ],
    [
      'with a target that can never serve its condition',
      '    - { name: x, targets: [ { model: a, when: { tools: true } } ] }\n',
      'signalbox.yaml:7:29 models.routes[0].targets[0]: can never serve a call: when.tools is true, and a has no tools',
    ],
    [
      'with a condition longer than the context of its target',
      '    - { name: x, targets: [ { model: a, when: { inputAtLeast: 9k } } ] }\n',
      'signalbox.yaml:7:29 models.routes[0].targets[0]: can never serve a call: when.inputAtLeast is 9000, and the context of a is 8000 tokens',
    ],
    [
      'whose weights sum to zero',
      '    - { name: x, strategy: weighted, targets: [ { model: a, weight: 0 }, { model: b, weight: 0 } ] }\n',
      'signalbox.yaml:7:38 models.routes[0].targets: the weights of the targets sum to zero: none of them would ever be drawn',
    ],
    [
      'that has the name of a model',
      '    - { name: a, targets: [ { model: b } ] }\n',
      'signalbox.yaml:7:15 models.routes[0].name: "a" is the name of models.models[0] already; callers could not tell them apart',
    ],
    [
      'that is to continue, with nobody who could',
      '    - { name: x, targets: [ { model: y } ], onBrokenStream: continue }\n    - { name: y, targets: [ { model: a }, { model: b } ] }\n',
      'signalbox.yaml:7:61 models.routes[0].onBrokenStream: is continue, and none of its targets is known to go on with a text: say can: { prefill: true } at a model that does',
    ],
    [
      'whose canary is no model',
      '    - { name: x, targets: [ { model: a } ], canary: { model: y, share: 5% } }\n',
      'signalbox.yaml:7:62 models.routes[0].canary.model: no model is called "y"; did you mean "a"?',
    ],
    [
      'without targets',
      '    - { name: x, targets: [] }\n',
      'signalbox.yaml:7:18 models.routes[0].targets: is an empty list; a route needs a target',
    ],
    [
      'with an expression that names what is not there',
      "    - { name: x, targets: [ { model: a, when: { cel: 'principle.team == 1' } } ] }\n",
      'signalbox.yaml:7:54 models.routes[0].targets[0].when.cel: is no expression that can be used: Unknown variable: principle',
    ],
    [
      'with an expression that says neither yes nor no',
      "    - { name: x, targets: [ { model: a, when: { cel: '1 + 1' } } ] }\n",
      'signalbox.yaml:7:54 models.routes[0].targets[0].when.cel: is no expression that can be used: says int, and must say true or false',
    ],
  ])('%s', (_what, routes, problem) => {
    expect(problemsOf(routes)).toEqual([problem])
  })

  test('and a good one is not', () => {
    expect(
      problemsOf(
        '    - { name: x, strategy: sticky, targets: [ { model: a }, { model: y } ] }\n    - { name: y, targets: [ { model: b } ] }\n',
      ),
    ).toEqual([])
  })
})
