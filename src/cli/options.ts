import { Option } from 'commander'

/** `--config`, which every command has. */
export function configOption(): Option {
  return new Option('--config <file>', 'the configuration file, which says where the gateway is (default: signalbox.yaml in this folder)')
}

/** `--json`, which every command has. */
export function jsonOption(): Option {
  return new Option('--json', 'print JSON')
}
