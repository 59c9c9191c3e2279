/** What `--help` of a command shows besides its options: lines that can be typed as they stand, but for names. */
export const EXAMPLES: Readonly<Record<string, readonly string[]>> = {
  init: ['signalbox init --models', 'signalbox init --models --tools --agents --out gateway.yaml'],
  check: ['signalbox check --config gateway.yaml', 'signalbox check --print'],
  'keys create': [
    'signalbox keys create --team support --label env=prod --expires 90d',
    'KEY=$(signalbox keys create --team support --model small --model "claude*")',
  ],
  'keys rotate': ['signalbox keys rotate 3llqksn3wnr0 --overlap 24h'],
  logs: ['signalbox logs --follow --outcome refused', 'signalbox logs --since 1h --team support --json'],
  spend: ['signalbox spend --by team,model --month last', 'signalbox spend --by label:feature --where team=support --format csv'],
  budgets: ['signalbox budgets --account "team:*"'],
  recost: ['signalbox recost --since 30d --prices prices.json --dry-run'],
  reconcile: ['signalbox reconcile usage.csv --provider acme --tolerance 0.5'],
  doctor: ['signalbox doctor', 'signalbox doctor --rehearse'],
  'route explain': ['signalbox route explain --model smart --team support', 'signalbox route explain --file request.json --offline'],
  'guard test': ['echo "My IBAN is GB82 WEST 1234 5698 7654 32" | signalbox guard test - --guard pii'],
  'cache purge': ['signalbox cache purge --model smart --label env=prod'],
  'bodies erase': ['signalbox bodies erase --user ada --before 30d'],
  'import litellm': ['signalbox import litellm litellm.yaml --out signalbox.yaml'],
  'import scores': ['signalbox import scores scores.csv --write'],
  'prices diff': ['signalbox prices diff prices.json'],
}

/** The examples of a command, as its help ends; nothing where it has none. */
export function examplesOf(command: string): string {
  const lines = Object.hasOwn(EXAMPLES, command) ? EXAMPLES[command] : undefined
  return lines === undefined ? '' : `\nExamples:\n${lines.map((line) => `  ${line}\n`).join('')}`
}
