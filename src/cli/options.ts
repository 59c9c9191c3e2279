import { InvalidArgumentError, Option } from 'commander'

/** `--config`, which every command has. */
export function configOption(): Option {
  return new Option('--config <file>', 'the configuration file, which says where the gateway is (default: signalbox.yaml in this folder)')
}

/** `--json`, which every command has. */
export function jsonOption(): Option {
  return new Option('--json', 'print JSON')
}

/** `--label name=value`, which may be given again. */
export function labelOption(description: string): Option {
  return new Option('--label <name=value>', description).argParser(addLabel)
}

function addLabel(written: string, labels: Readonly<Record<string, string>> = {}): Readonly<Record<string, string>> {
  const at = written.indexOf('=')
  if (at < 1) throw new InvalidArgumentError('Write name=value.')
  const name = written.slice(0, at)
  if (Object.hasOwn(labels, name)) throw new InvalidArgumentError(`The label ${name} is given twice.`)
  return { ...labels, [name]: written.slice(at + 1) }
}
